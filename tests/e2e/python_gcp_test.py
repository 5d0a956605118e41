"""Ray 2.60's own provider for Google Cloud, unmodified, as a class that rayctl runs: in the GCP lab, with real sshd and
real Ray. It refuses tags that Google's labels cannot hold: those are in the cluster's state then."""
import sys

import yaml
from gcp_lab import CLUSTERS, GcpLab, enter
from harness import main
from python_class import as_class, life, save

enter(sys.argv[0])
lab = GcpLab()


def rays_class_for_gcp(scratch):
    lab.reset()
    lab.phases(operation=0)  # Ray's class sleeps 5 s whenever one has not ended at once
    config = yaml.safe_load((CLUSTERS / "small.yaml").read_text())
    config["available_node_types"]["ray_worker_small"]["min_workers"] = 1
    save(scratch, as_class(config, "ray.autoscaler._private.gcp.node_provider.GCPNodeProvider"))
    life(scratch, "ray_worker_small", lambda: [one["name"] for one in lab.instances()])


main(rays_class_for_gcp)
