"""A real Ray cluster on three private hosts: taken, worked on, broken, moved, given back. In the host lab."""
import json
import os
import pathlib
import subprocess
import sys
import time

import jsonschema
import yaml
from harness import RAYCTL, SOURCE, check, main
from ray.autoscaler._private.util import validate_config

LAB = SOURCE / "fixtures/hostlab/hostlab.sh"
HEAD, ONE, TWO = "10.77.0.11", "10.77.0.12", "10.77.0.13"
NODES = {HEAD: "n1", ONE: "n2", TWO: "n3"}

FILE = """\
cluster_name: {name}
provider: {{type: local, head_ip: {head}, worker_ips: [{workers}], rayctl: {{autoscaler: none}}}}
auth: {{ssh_user: ubuntu, ssh_private_key: {key}}}
{limits}file_mounts: {{"~/app": ./app}}
cluster_synced_files: ["~/shared", "~/.no-such-file"]
setup_commands: ["echo set up >> ~/setup.log"]
head_setup_commands: ["mkdir -p ~/shared/sub && hostname > ~/shared/sub/made-on"]
head_start_ray_commands:
  - >-
    ray start --head --port=6379 --num-cpus=1 --object-store-memory=100000000 --include-dashboard=false
    --disable-usage-stats --autoscaling-config=~/ray_bootstrap_config.yaml
worker_start_ray_commands:
  - ray start --address=$RAY_HEAD_IP:6379 --num-cpus=1 --object-store-memory=100000000 --disable-usage-stats
"""

JOB = """\
import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy as On

ray.init(address="auto", log_to_driver=False)


@ray.remote(num_cpus=1)
def where():
    import socket
    return socket.gethostname(), open("/home/ubuntu/app/data.txt").read().strip()


nodes = [node["NodeID"] for node in ray.nodes() if node["Alive"]]
print(sorted(ray.get([where.options(scheduling_strategy=On(node, soft=False)).remote() for node in nodes])))
"""


def lab(*words):
    return subprocess.run([LAB, *words], text=True, capture_output=True, check=True).stdout


def on_node(address, line):
    return lab("in", NODES[address], "sh", "-c", line)


def home(address):
    return pathlib.Path(os.environ["HOSTLAB"], NODES[address], "home/ubuntu")


def reboot(address):
    """Everything on the node ends but its first process and its sshd; what lay in memory is another boot's."""
    on_node(address, "for p in /proc/[0-9]*; do p=${p#/proc/}; "
                     "case $(cat /proc/$p/comm 2>/dev/null) in sshd|hostlab.sh|sleep|sh|cat) ;; *) "
                     "[ $p = 1 ] || kill -9 $p 2>/dev/null ;; esac; done; true")
    pathlib.Path(os.environ["HOSTLAB"], NODES[address], "boot_id").write_text(
        pathlib.Path("/proc/sys/kernel/random/uuid").read_text())


def write(scratch, workers=(ONE, TWO), name="lab", limits="", file="cluster.yaml"):
    text = FILE.format(name=name, head=HEAD, workers=", ".join(workers), key=scratch.key, limits=limits)
    (scratch.dir / file).write_text(text)


def open_hosts(scratch):
    scratch.key = scratch.dir / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", scratch.key], check=True)
    path = pathlib.Path(os.environ["RAYCTL_VENV"], "bin")
    for address, node in NODES.items():
        public = pathlib.Path(f"{scratch.key}.pub").read_text()
        pathlib.Path(os.environ["HOSTLAB"], node, "authorized_keys").write_text(public)
        (home(address) / ".bashrc").write_text(f"export PATH={path}:$PATH\nalias place=hostname\n")


def hosts_of_job(scratch):
    (scratch.dir / "job.py").write_text(JOB)
    done = scratch.run("exec", "cluster.yaml", "python - <<'END'\n" + JOB + "END")
    return eval(done.stdout.strip().splitlines()[-1])


def names(scratch):
    nodes = scratch.json("state", "show", "cluster.yaml")["nodes"]
    return {record["id"]: name for name, record in nodes.items()}


def timed(scratch, *words):
    best = 99.0
    for _ in range(5):
        begun = time.monotonic()
        scratch.run(*words)
        best = min(best, time.monotonic() - begun)
    print(f"     rayctl {' '.join(words[:1] + words[2:])}: {best:.2f} s", flush=True)


def private_hosts(scratch):
    open_hosts(scratch)
    write(scratch)
    scratch.run("apply", "cluster.yaml", "--yes")
    scratch.empty_plan()
    check(hosts_of_job(scratch) == [("n1", "one"), ("n2", "one"), ("n3", "one")], "the job did not run on all three")
    for address in NODES:
        check((home(address) / "setup.log").read_text() == "set up\n", f"set-up on {address}")
        check((home(address) / "shared/sub/made-on").read_text() == "n1\n", f"cluster_synced_files on {address}")
    aliased = scratch.run("exec", "cluster.yaml", "place").stdout
    check(aliased == "n1\n", f"exec does not know the aliases of a login: {aliased}")
    timed(scratch, "apply", "cluster.yaml", "--yes")
    timed(scratch, "exec", "cluster.yaml", "true")

    bootstrap_file()
    two_clusters(scratch)
    silent_host(scratch)
    rebooted_worker(scratch)
    rebooted_head(scratch)
    exchanged_host(scratch)
    without_state(scratch)
    down(scratch)


def bootstrap_file():
    """ray#59905: what lies on the head is what Ray's monitor takes, of 2.60 and of 2.9."""
    path = home(HEAD) / "ray_bootstrap_config.yaml"
    check(path.stat().st_mode & 0o077 == 0, f"{path.name} is open to others: {path.stat().st_mode:o}")
    config = yaml.safe_load(path.read_text())
    validate_config(config)
    schema = pathlib.Path(os.environ["RAYCTL_RAY_WHEELS"], "2.9.3/ray/autoscaler/ray-schema.json")
    jsonschema.validate(config, json.loads(schema.read_text()))
    check(set(config["available_node_types"]) == {"local.cluster.node"}, sorted(config["available_node_types"]))


def two_clusters(scratch):
    write(scratch, name="other", file="other.yaml")
    done = scratch.run("apply", "other.yaml", "--yes", status=None)
    check(done.returncode != 0, "another cluster took hosts that are in use")
    check(f"host {HEAD} is taken: cluster lab" in done.stderr, done.stderr)


def silent_host(scratch):
    lab("sshd", "n3", "stop")
    done = scratch.run("plan", "cluster.yaml", "--detailed-exitcode")
    check(f"host {TWO} does not answer" in done.stderr + done.stdout, done.stderr)
    check("refused" in done.stderr + done.stdout, done.stderr)
    check(hosts_of_job(scratch) == [("n1", "one"), ("n2", "one"), ("n3", "one")], "its Ray was touched")
    lab("sshd", "n3", "start")


def rebooted_worker(scratch):
    before = names(scratch)
    reboot(ONE)
    time.sleep(1)
    deadline = time.monotonic() + 60
    while scratch.run("plan", "cluster.yaml", "--detailed-exitcode", status=None).returncode != 2:
        check(time.monotonic() < deadline, "nobody noticed that Ray is down")
        time.sleep(1)
    scratch.run("apply", "cluster.yaml", "--yes")
    scratch.empty_plan()
    check(names(scratch) == before, "a host changed its name")
    check(len(hosts_of_job(scratch)) == 3, "the rebooted host is not back")


def rebooted_head(scratch):
    reboot(HEAD)
    scratch.run("apply", "cluster.yaml", "--yes")
    scratch.empty_plan()
    check(len(hosts_of_job(scratch)) == 3, "the cluster is not back")


def exchanged_host(scratch):
    write(scratch, workers=(TWO,))
    scratch.run("apply", "cluster.yaml", "--yes")
    check(set(names(scratch)) == {HEAD, TWO}, names(scratch))
    check(not (home(ONE) / ".rayctl").exists(), "something of ours is left on the host that was removed")
    check("raylet" not in on_node(ONE, "ps -eo comm"), "Ray runs on the host that was removed")
    scratch.empty_plan()
    write(scratch)
    scratch.run("apply", "cluster.yaml", "--yes")
    check(set(names(scratch)) == set(NODES), names(scratch))


def without_state(scratch):
    """Any machine with the file finds the cluster on its hosts."""
    elsewhere = {"XDG_STATE_HOME": str(scratch.dir / "elsewhere")}
    done = scratch.run("exec", "cluster.yaml", "hostname", **elsewhere)
    check(done.stdout.strip() == "n1", done.stdout)
    pins = json.loads(scratch.run("state", "pull", "cluster.yaml").stdout)["pins"]["host-key"]
    check(set(pins) == set(NODES), pins)


def down(scratch):
    lab("sshd", "n3", "stop")
    done = scratch.run("down", "cluster.yaml", "--yes", status=6)
    check("Nothing is left" not in done.stdout + done.stderr, done.stdout)
    check(f"host {TWO} does not answer" in done.stderr, done.stderr)
    check(set(names(scratch)) == {TWO}, names(scratch))
    lab("sshd", "n3", "start")
    done = scratch.run("down", "cluster.yaml", "--yes")
    check("Nothing is left of cluster lab" in done.stdout, done.stdout)
    for address in NODES:
        check(not (home(address) / ".rayctl").exists(), f"something of ours is left on {address}")
        left = on_node(address, "ps -eo comm")
        check("raylet" not in left and "gcs_server" not in left, f"Ray runs on {address}:\n{left}")


if __name__ == "__main__":
    if "HOSTLAB" not in os.environ:
        os.execv(LAB, [str(LAB), "run", "-n", "3", sys.executable, __file__, *sys.argv[1:]])
    main(private_hosts)
