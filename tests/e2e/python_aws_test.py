"""Ray 2.60's own provider for AWS, unmodified, as a class that rayctl runs: in the AWS lab, with real sshd and real Ray."""
import json
import pathlib

import yaml
from aws_lab import CLUSTERS, AwsLab, enter
from harness import check, main
from python_class import as_class, life, save

enter(__file__)
lab = AwsLab()
ROLE = "ray-autoscaler-v1"


def with_rays_role():
    """An account in which Ray's launcher has made its role before; making it takes Ray 30 s of sleep."""
    iam = lab.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    iam.create_instance_profile(InstanceProfileName=ROLE)
    iam.add_role_to_instance_profile(InstanceProfileName=ROLE, RoleName=ROLE)


def rays_class_for_aws(scratch):
    lab.reset()
    with_rays_role()
    config = yaml.safe_load((CLUSTERS / "small.yaml").read_text())
    config["available_node_types"]["ray.worker.default"]["min_workers"] = 1
    save(scratch, as_class(config, "ray.autoscaler._private.aws.node_provider.AWSNodeProvider"))
    life(scratch, "ray.worker.default",
         lambda: [one["InstanceId"] for one in lab.instances("pending", "running", "stopping", "stopped")])
    key = pathlib.Path.home() / ".ssh/ray-autoscaler_us-west-2.pem"
    check(key.exists() and key.stat().st_mode & 0o077 == 0, "the key that Ray's class makes")


main(rays_class_for_aws)
