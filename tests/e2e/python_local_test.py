"""Ray 2.60's own provider for private hosts, unmodified, as a class that rayctl runs: on three hosts with real sshd and
real Ray, scaled by rayctl's own autoscaler."""
import json
import os
import pathlib
import subprocess
import sys
import time
import uuid

from harness import SOURCE, check, main
from python_class import as_class, life, save

LAB = SOURCE / "fixtures/hostlab/hostlab.sh"
HEAD, ONE, TWO = "10.77.0.11", "10.77.0.12", "10.77.0.13"
NODES = {HEAD: "n1", ONE: "n2", TWO: "n3"}
NAME = f"lab-{uuid.uuid4().hex[:8]}"
STATE = pathlib.Path(f"/tmp/ray/cluster-{NAME}.state")  # where Ray's class keeps what it knows
RAY = "--object-store-memory=100000000 --disable-usage-stats"


def config(key):
    return {
        "cluster_name": NAME, "max_workers": 2,
        "provider": {"head_ip": HEAD, "worker_ips": [ONE, TWO]},
        "auth": {"ssh_user": "ubuntu", "ssh_private_key": str(key)},
        "available_node_types": {
            "head": {"node_config": {}, "resources": {"CPU": 1}},
            "worker": {"node_config": {}, "resources": {"CPU": 1}, "min_workers": 1, "max_workers": 2}},
        "head_node_type": "head",
        "setup_commands": ["echo set up >> ~/setup.log"],
        "head_start_ray_commands": [
            f"ray start --head --port=6379 --num-cpus=1 --include-dashboard=false {RAY} "
            "--autoscaling-config=~/ray_bootstrap_config.yaml"],
        "worker_start_ray_commands": [f"ray start --address=$RAY_HEAD_IP:6379 --num-cpus=1 {RAY}"]}


def machines():
    """Ray's class writes its file in place: while the autoscaler looks as well, it may be found empty."""
    for _ in range(100):
        text = STATE.read_text() if STATE.exists() else "{}"
        if text:
            return [one for one, known in json.loads(text).items() if known["state"] == "running"]
        time.sleep(0.05)
    raise TimeoutError(f"{STATE} stays empty")


def rays_class_for_private_hosts(scratch):
    key = scratch.dir / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    path = pathlib.Path(os.environ["RAYCTL_VENV"], "bin")
    for node in NODES.values():
        folder = pathlib.Path(os.environ["HOSTLAB"], node)
        (folder / "authorized_keys").write_text(pathlib.Path(f"{key}.pub").read_text())
        (folder / "home/ubuntu/.bashrc").write_text(f"export PATH={path}:$PATH\n")
    save(scratch, as_class(config(key), "ray.autoscaler._private.local.node_provider.LocalNodeProvider",
                           autoscaler="rayctl"))
    try:
        life(scratch, "worker", machines)
    finally:
        for file in STATE.parent.glob(f"cluster-{NAME}.*"):
            file.unlink()


if __name__ == "__main__":
    if "HOSTLAB" not in os.environ:
        os.execv(LAB, [str(LAB), "run", "-n", "3", sys.executable, __file__, *sys.argv[1:]])
    main(rays_class_for_private_hosts)
