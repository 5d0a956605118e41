"""The autoscaler beside the head of private hosts, with real Ray: it takes hosts when work waits and gives them back, with
a key of its own; it answers, pauses, moves and ends. One cluster serves all tests."""
import json
import os
import pathlib
import subprocess
import sys
import time

from harness import RAYCTL, SOURCE, check, main

LAB = SOURCE / "fixtures/hostlab/hostlab.sh"
HEAD, ONE, TWO = "10.77.0.11", "10.77.0.12", "10.77.0.13"
NODES = {HEAD: "n1", ONE: "n2", TWO: "n3"}

FILE = """\
cluster_name: beside
min_workers: 0
max_workers: 2
idle_timeout_minutes: 0.1
provider: {{type: local, head_ip: {head}, worker_ips: [{one}, {two}]}}
auth: {{ssh_user: ubuntu, ssh_private_key: {key}}}
file_mounts: {{"~/app": ./app}}
head_start_ray_commands:
  - ray start --head --port=6379 --num-cpus=0 --object-store-memory=80000000 --include-dashboard=false
      --disable-usage-stats --autoscaling-config=~/ray_bootstrap_config.yaml
worker_start_ray_commands:
  - ray start --address=$RAY_HEAD_IP:6379 --num-cpus=1 --object-store-memory=80000000 --disable-usage-stats
"""

JOB = """\
import sys, time
import ray

ray.init(log_to_driver=False)

@ray.remote(num_cpus=1)
def where(seconds):
    import socket
    time.sleep(seconds)
    return socket.gethostname(), open("/home/ubuntu/app/data.txt").read().strip()

print(sorted(set(ray.get([where.remote(float(sys.argv[1])) for _ in range(int(sys.argv[2]))]))))
"""


def on_node(address, line):
    return subprocess.run([LAB, "in", NODES[address], "sh", "-c", line], text=True, capture_output=True).stdout


def home(address):
    return pathlib.Path(os.environ["HOSTLAB"], NODES[address], "home/ubuntu")


def until(what, seconds, probe):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if probe():
            return
        time.sleep(0.5)
    check(False, f"{what} did not come about within {seconds} s")


def autoscaler(scratch, status=0):
    return scratch.json("autoscaler", "status", "cluster.yaml", status=status)


def workers(scratch):
    return sorted(one["id"] for one in scratch.json("status", "cluster.yaml")["nodes"]
                  if one["id"] != HEAD and one["ray"] == "alive")


def start_job(scratch, seconds, count):
    return subprocess.Popen([RAYCTL, "submit", "cluster.yaml", "job.py", str(seconds), str(count)], cwd=scratch.dir,
                            env=scratch.env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            stdin=subprocess.DEVNULL)


def result(process, seconds=120):
    out, err = process.communicate(timeout=seconds)
    check(process.returncode == 0, f"the job ended with {process.returncode}\n{out}{err}")
    return out.strip().splitlines()[-1]


def log(scratch):
    return on_node(HEAD, "cat /home/ubuntu/.rayctl/autoscaler/state/autoscaler/autoscaler.log")


def loops(address):
    """Pids of loops on a node."""
    return [int(pid) for pid in on_node(
        address, "for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline 2>/dev/null | grep -q '[r]ayctl autoscale ' && "
                 "echo ${p#/proc/}; done").split()]


def prepare(scratch):
    key = scratch.dir / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    path = pathlib.Path(os.environ["RAYCTL_VENV"], "bin")
    for address, node in NODES.items():
        pathlib.Path(os.environ["HOSTLAB"], node, "authorized_keys").write_text((scratch.dir / "key.pub").read_text())
        (home(address) / ".bashrc").write_text(f"export PATH={path}:$PATH\n")
    (scratch.dir / "cluster.yaml").write_text(FILE.format(head=HEAD, one=ONE, two=TWO, key=key))
    (scratch.dir / "job.py").write_text(JOB)


def starts_beside_the_head(scratch):
    done = scratch.run("apply", "cluster.yaml", "--yes")
    program = scratch.run("version").stdout.strip()
    check(f"autoscaler: {program} on the head" in done.stderr, f"the plan does not say it:\n{done.stderr}")
    until("the loop's first look", 20, lambda: autoscaler(scratch, status=None)["running"])
    check(len(loops(HEAD)) == 1, f"loops on the head: {loops(HEAD)}")
    scratch.empty_plan()


def has_a_key_of_its_own(scratch):
    bundle, = home(HEAD).glob(".rayctl/autoscaler/bundle-*")
    key = bundle / "worker_key"
    check(key.stat().st_mode & 0o777 == 0o600, f"mode {key.stat().st_mode:o}")
    private = (scratch.dir / "key").read_text()
    check(key.read_text() != private, "it is the operator's")
    found = subprocess.run(["grep", "-rlF", private.splitlines()[2], home(HEAD)], text=True, capture_output=True).stdout
    check(not found, f"the operator's key is on the head: {found}")
    line = (bundle / "worker_key.pub").read_text().split()[1]
    for address in NODES:
        keys = (home(address) / ".ssh/authorized_keys").read_text()
        check(keys.count(line) == 1, f"{address} lets in:\n{keys}")


def takes_hosts_and_gives_them_back(scratch):
    job = start_job(scratch, 3, 4)
    answer = result(job)
    check(answer == "[('n2', 'one'), ('n3', 'one')]", f"{answer}\n{log(scratch)}")
    # What the autoscaler launched, an operator's plan finds as it would have made it.
    steps = [step["action"] for step in scratch.json("plan", "cluster.yaml")["steps"]]
    check({step["verb"] for step in steps} == {"adopt-node"}, f"{steps}")
    scratch.node = steps[0]["node"]
    until("the idle hosts' return", 60, lambda: workers(scratch) == [])
    for address in (ONE, TWO):
        until(f"the end of Ray on {address}", 20, lambda at=address: "raylet" not in on_node(at, "cat /proc/[0-9]*/comm"))


def answers_from_here(scratch):
    history = scratch.json("autoscaler", "history", "cluster.yaml")["ticks"]
    check(history, "no history")
    said = scratch.run("autoscaler", "why", scratch.node, "cluster.yaml").stdout
    check("launched" in said and "idle for" in said, said)
    said = scratch.json("autoscaler", "why-not", '{"GPU": 1}', "cluster.yaml")
    check("GPU" in json.dumps(said), f"{said}")
    done = scratch.run("autoscaler", "replay", "cluster.yaml")
    check(done.stderr.strip().endswith("0 different"), done.stderr)


def pauses_from_here(scratch):
    scratch.run("autoscaler", "pause", "cluster.yaml", "--for", "5m")
    until("the pause", 20, lambda: autoscaler(scratch)["status"]["state"] == "paused")
    job = start_job(scratch, 1, 1)
    time.sleep(8)
    check(workers(scratch) == [], "a host was taken in the pause")
    scratch.run("autoscaler", "resume", "cluster.yaml")
    check(result(job)[:6] in ("[('n2'", "[('n3'"), "the job")


def obeys_new_limits_under_a_job(scratch):
    job = start_job(scratch, 8, 4)
    until("two hosts", 60, lambda: len(workers(scratch)) == 2)
    before = {address: on_node(address, "pidof raylet") for address in (HEAD, ONE, TWO)}
    loop = loops(HEAD)
    done = scratch.run("up", "cluster.yaml", "--yes", "--no-restart", "--max-workers=3", "--min-workers=2")
    check("autoscaler" in done.stderr, done.stderr)
    after = {address: on_node(address, "pidof raylet") for address in (HEAD, ONE, TWO)}
    check(before == after, f"{before}, then {after}")
    check(result(job) == "[('n2', 'one'), ('n3', 'one')]", "the job")
    until("the new loop alone", 30, lambda: len(loops(HEAD)) == 1 and loops(HEAD) != loop)
    time.sleep(10)  # longer than the idle time-out
    check(workers(scratch) == [ONE, TWO], f"with a minimum of two: {workers(scratch)}\n{log(scratch)}")
    scratch.run("apply", "cluster.yaml", "--yes")
    until("the idle hosts' return", 60, lambda: workers(scratch) == [])


def comes_back_after_a_crash(scratch):
    for pid in loops(HEAD):
        on_node(HEAD, f"kill -9 {pid}")
    until("its return", 20, lambda: len(loops(HEAD)) == 1)
    until("its look", 40, lambda: autoscaler(scratch, status=None)["running"])
    # The power of the machine goes: nobody is left to start it.
    ops = on_node(HEAD, "cat /home/ubuntu/.rayctl/ops/autoscaler-*/pid").split()
    for pid in [*ops, *loops(HEAD)]:
        on_node(HEAD, f"kill -9 -{pid} 2>/dev/null || kill -9 {pid}")
    until("its end", 10, lambda: not loops(HEAD))
    check(not autoscaler(scratch, status=6)["running"], "status says that it runs")
    plan = scratch.run("plan", "cluster.yaml").stdout
    check("the autoscaler is down" in plan, plan)
    scratch.run("apply", "cluster.yaml", "--yes")
    until("its return", 20, lambda: len(loops(HEAD)) == 1)
    scratch.empty_plan()


def moves_to_the_operator_and_back(scratch):
    done = scratch.run("apply", "cluster.yaml", "--yes", "--autoscaler=operator")
    check("on this machine" in done.stderr, done.stderr)
    check(loops(HEAD) == [], f"still on the head: {loops(HEAD)}")
    until("its look", 30, lambda: autoscaler(scratch, status=None)["running"])
    job = start_job(scratch, 2, 2)
    check(result(job).startswith("[('n"), "the job")
    # The other one's records have what this one launched.
    done = scratch.run("apply", "cluster.yaml", "--yes")
    check("on the head" in done.stderr, done.stderr)
    until("its return", 30, lambda: len(loops(HEAD)) == 1)
    until("the idle hosts' return", 60, lambda: workers(scratch) == [])
    here = subprocess.run(["pgrep", "-f", f"rayctl autoscale {scratch.dir}"], text=True, capture_output=True).stdout
    check(not here, f"one is left here: {here}")


def ends_when_it_is_not_wanted(scratch):
    scratch.run("apply", "cluster.yaml", "--yes", "--autoscaler=none")
    check(loops(HEAD) == [], f"still on the head: {loops(HEAD)}")
    done = scratch.run("plan", "cluster.yaml", "--autoscaler=none", "--detailed-exitcode", status=None)
    check(done.returncode == 0, done.stdout)
    scratch.run("apply", "cluster.yaml", "--yes")
    until("its return", 20, lambda: len(loops(HEAD)) == 1)


def ends_with_the_cluster(scratch):
    scratch.run("down", "cluster.yaml", "--yes")
    check(loops(HEAD) == [], "a loop is left")
    left = sorted(entry.name for entry in home(HEAD).glob(".rayctl/autoscaler/*"))
    check(not left, f"left on the head: {left}")
    for address in NODES:
        keys = home(address) / ".ssh/authorized_keys"
        check(not keys.exists() or "rayctl-autoscaler" not in keys.read_text(), f"{address} still lets it in")


if __name__ == "__main__":
    if "HOSTLAB" not in os.environ:
        os.execv(LAB, [str(LAB), "run", "-n", "3", sys.executable, __file__, *sys.argv[1:]])
    main(starts_beside_the_head, has_a_key_of_its_own, takes_hosts_and_gives_them_back, answers_from_here,
         pauses_from_here, obeys_new_limits_under_a_job, comes_back_after_a_crash, moves_to_the_operator_and_back,
         ends_when_it_is_not_wanted, ends_with_the_cluster, prepare=prepare)
