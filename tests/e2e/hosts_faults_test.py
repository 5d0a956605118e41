"""What breaks on private hosts while they are made: nothing is lost, the message says where, the next apply converges.
A real Ray cluster on three hosts, in the host lab."""
import hashlib
import os
import subprocess
import sys
import threading
import time

from harness import RAYCTL, Failure, check, main
from hosts_test import HEAD, LAB, NODES, ONE, TWO, home, hosts_of_job, lab, names, on_node, open_hosts, reboot

FILE = """\
cluster_name: lab
provider: {{type: local, head_ip: {head}, worker_ips: [{one}, {two}]}}
auth: {{ssh_user: ubuntu, ssh_private_key: {key}}}
rayctl: {{autoscaler: none, ssh: {{keepalive_s: 2, connect_timeout_s: 5}}}}
file_mounts: {{"~/app": ./app}}
setup_commands:
  - {setup}
head_start_ray_commands:
  - ray start --head --port=6379 --num-cpus=1 --object-store-memory=100000000 --include-dashboard=false
      --disable-usage-stats
worker_start_ray_commands:
  - "{before_start}"
  - ray start --address=$RAY_HEAD_IP:6379 --num-cpus=1 --object-store-memory=100000000 --disable-usage-stats
"""

COUNTED = "echo {version} >> ~/setup.log"


def write(scratch, setup=COUNTED.format(version=1), before_start="true"):
    scratch.setup, scratch.before_start = setup, before_start
    (scratch.dir / "cluster.yaml").write_text(
        FILE.format(head=HEAD, one=ONE, two=TWO, key=scratch.key, setup=setup, before_start=before_start))


def name_of(scratch, address):
    return names(scratch)[address]


def all_well(scratch, before=None):
    """Three hosts, each once, with the names that they had, all in Ray, and nothing more to do."""
    scratch.empty_plan()
    now = names(scratch)
    check(set(now) == set(NODES), f"not the three hosts: {now}")
    check(before is None or now == before, f"{before} became {now}")
    job = hosts_of_job(scratch)
    want = (scratch.dir / "app/data.txt").read_text().strip()
    check(job == [(node, want) for node in ("n1", "n2", "n3")], f"the job ran on {job}")
    trees = {address: tree_of(home(address) / "app") for address in NODES}
    check(len(set(trees.values())) == 1, f"the hosts' files differ: {trees}")


def tree_of(folder):
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        digest.update(f"{path.relative_to(folder)} {path.stat().st_mode:o}\n".encode())
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()


def fails(scratch, *parts, status=6):
    """An apply that ends with `status` and names all `parts`."""
    done = scratch.run("apply", "cluster.yaml", "--yes", status=status)
    for part in parts:
        check(part in done.stderr, f"the message does not say {part!r}:\n{done.stderr}")
    return done


def a_full_disk(scratch):
    """During the very first apply, on one of the workers."""
    open_hosts(scratch)
    write(scratch)
    (scratch.dir / "app/big.bin").write_bytes(os.urandom(2_000_000))
    on_node(TWO, "mkdir /home/ubuntu/app && mount -t tmpfs -o size=256k none /home/ubuntu/app")
    failed = fails(scratch, "No space left on device", "~/app")
    name = name_of(scratch, TWO)
    check(name in failed.stderr, f"the message does not name {name}:\n{failed.stderr}")
    check(set(names(scratch)) == set(NODES), f"a host was lost: {names(scratch)}")
    before = names(scratch)
    on_node(TWO, "umount /home/ubuntu/app")
    scratch.run("apply", "cluster.yaml", "--yes")
    all_well(scratch, before)  # ray#47916: the last worker has what the first has


def set_up_that_fails_on_one_of_three(scratch):
    before = names(scratch)
    marker = home(TWO) / "broken"
    marker.touch()
    write(scratch, setup="if [ -e ~/broken ]; then echo no such package >&2; exit 7; fi; echo 2 >> ~/setup.log")
    fails(scratch, before[TWO], "failed with 7", "no such package", f"rayctl logs cluster.yaml {before[TWO]}")
    check((home(HEAD) / "setup.log").read_text() == "1\n2\n", "the head was not set up beside it")
    nodes = scratch.json("state", "show", "cluster.yaml")["nodes"]
    check(nodes[before[TWO]]["phase"] == "failed", nodes[before[TWO]])
    marker.unlink()
    scratch.run("apply", "cluster.yaml", "--yes")
    for address in NODES:
        log = (home(address) / "setup.log").read_text()
        check(log == "1\n2\n", f"set-up on {address}: {log!r}")
    all_well(scratch, before)


class Apply:
    """An apply in the background."""

    def __init__(self, scratch):
        self.process = subprocess.Popen([RAYCTL, "apply", "cluster.yaml", "--yes"], cwd=scratch.dir, env=scratch.env,
                                        text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)

    def wait_until(self, happens):
        deadline = time.monotonic() + 60
        while not happens():
            if self.process.poll() is not None:
                raise Failure(f"the apply ended before: {self.process.communicate()}")
            check(time.monotonic() < deadline, "it never happened")
            time.sleep(0.005)

    def end(self, after=0, then=lambda: None):
        """Its exit status and what it said; meanwhile, after so many seconds, `then` is done."""
        timer = threading.Timer(after, then)
        timer.start()
        out, err = self.process.communicate(timeout=240)
        timer.join()
        return self.process.returncode, out + err

    def kill_when(self, happens, address):
        """The machine loses power as soon as `happens`, and comes back after 2 s."""
        self.wait_until(happens)
        node = NODES[address]
        lab("sshd", node, "stop")
        lab("sshd", node, "drop")
        reboot(address)
        return self.end(2, lambda: lab("sshd", node, "start"))


def killed_in(scratch, phase, happens):
    """Whether or not this apply still managed, the next one has nothing left to repair."""
    before = names(scratch)
    status, text = Apply(scratch).kill_when(happens, TWO)
    check(status in (0, 6), f"{phase}: exit {status}\n{text}")
    if status == 6:
        check(before[TWO] in text, f"{phase}: the message does not name {before[TWO]}\n{text}")
    print(f"     killed while {phase}: exit {status}", flush=True)
    scratch.run("apply", "cluster.yaml", "--yes")
    all_well(scratch, before)


def set_up_in_progress(scratch, line):
    """An apply that is just in the set-up of TWO, which takes 2 s and then adds `line` to setup.log."""
    (home(TWO) / "in-setup").unlink(missing_ok=True)
    write(scratch, setup=f"touch ~/in-setup; sleep 2; echo {line} >> ~/setup.log")
    apply = Apply(scratch)
    apply.wait_until((home(TWO) / "in-setup").exists)
    return apply


def set_up_ran_once(line):
    for address in NODES:
        log = (home(address) / "setup.log").read_text().split()
        check(log.count(line) == 1, f"set-up on {address}: {log}")


def a_connection_that_drops_in_a_command(scratch):
    """The command goes on without it, and so does the apply."""
    before = names(scratch)
    apply = set_up_in_progress(scratch, "dropped")
    lab("sshd", NODES[TWO], "drop")
    status, text = apply.end()
    check(status == 0, f"exit {status}\n{text}")
    set_up_ran_once("dropped")
    all_well(scratch, before)


def an_sshd_that_refuses(scratch):
    """The others are changed, this one is named and left alone, and the next apply catches up."""
    before = names(scratch)
    lab("sshd", NODES[TWO], "stop")
    (scratch.dir / "app/data.txt").write_text("refused\n")
    done = scratch.run("apply", "cluster.yaml", "--yes", status=None)
    check(f"host {TWO} does not answer" in done.stdout + done.stderr, done.stdout + done.stderr)
    check("refused" in done.stdout + done.stderr, done.stdout + done.stderr)
    check((home(ONE) / "app/data.txt").read_text() == "refused\n", "the host that answers was not served")
    check((home(TWO) / "app/data.txt").read_text() != "refused\n", "who served the host that does not answer?")
    lab("sshd", NODES[TWO], "start")
    scratch.run("apply", "cluster.yaml", "--yes")
    all_well(scratch, before)


def an_sshd_that_refuses_after_a_command_began(scratch):
    """Nobody can ask how the command ended: the node, the phase and the command are named."""
    before = names(scratch)
    apply = set_up_in_progress(scratch, "gone")
    lab("sshd", NODES[TWO], "stop")
    lab("sshd", NODES[TWO], "drop")
    status, text = apply.end()
    check(status == 6, f"exit {status}\n{text}")
    for part in (before[TWO], "set up", "in-setup", "refused"):
        check(part in text, f"the message does not say {part!r}:\n{text}")
    lab("sshd", NODES[TWO], "start")
    scratch.run("apply", "cluster.yaml", "--yes")
    set_up_ran_once("gone")
    all_well(scratch, before)


def an_sshd_that_hangs(scratch):
    """For longer than the keep-alive waits."""
    before = names(scratch)
    apply = set_up_in_progress(scratch, "hung")
    lab("sshd", NODES[TWO], "hang")
    status, text = apply.end(15, lambda: lab("sshd", NODES[TWO], "go"))
    check(status in (0, 6), f"exit {status}\n{text}")
    if status == 6:
        check(before[TWO] in text and "set up" in text, text)
    print(f"     hung for 15 s: exit {status}", flush=True)
    scratch.run("apply", "cluster.yaml", "--yes")
    set_up_ran_once("hung")
    all_well(scratch, before)


def a_host_that_shows_another_key(scratch):
    before = names(scratch)
    node = NODES[TWO]
    key = home(TWO).parents[1] / "hostkey"
    old = key.read_bytes()
    lab("sshd", node, "stop")
    key.unlink()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], input=b"y\n", check=True,
                   capture_output=True)
    lab("sshd", node, "start")
    (scratch.dir / "app/data.txt").write_text("another key\n")
    done = scratch.run("apply", "cluster.yaml", "--yes", status=None)
    text = done.stdout + done.stderr
    check(text.count("SHA256:") >= 2 and TWO in text, f"not both fingerprints are named:\n{text}")
    check((home(TWO) / "app/data.txt").read_text() != "another key\n", "a host with another key was served")
    lab("sshd", node, "stop")
    key.write_bytes(old)
    lab("sshd", node, "start")
    scratch.run("apply", "cluster.yaml", "--yes")
    all_well(scratch, before)


def a_node_killed_while_files_arrive(scratch):
    (scratch.dir / "app/big.bin").write_bytes(os.urandom(150_000_000))
    (scratch.dir / "app/data.txt").write_text("two\n")

    def arrives():
        return any(home(TWO).glob("app/.rayctl-sync-*/big.bin"))

    killed_in(scratch, "files arrive", arrives)
    (scratch.dir / "app/big.bin").unlink()
    scratch.run("apply", "cluster.yaml", "--yes", "--no-restart")


def a_node_killed_while_it_is_set_up(scratch):
    (home(TWO) / "in-setup").unlink(missing_ok=True)
    write(scratch, setup="touch ~/in-setup; sleep 2; echo 3 >> ~/setup.log")
    killed_in(scratch, "it is set up", (home(TWO) / "in-setup").exists)


def a_node_killed_while_ray_starts(scratch):
    (home(TWO) / "in-start").unlink(missing_ok=True)
    write(scratch, setup=scratch.setup, before_start="touch ~/in-start; sleep 1")
    killed_in(scratch, "Ray starts", (home(TWO) / "in-start").exists)


def a_node_killed_while_ray_stops(scratch):
    before_start = "touch ~/in-start; true"
    write(scratch, setup=scratch.setup, before_start=before_start)

    def stops():
        return "raylet" not in on_node(TWO, "ps -eo comm")

    killed_in(scratch, "Ray stops", stops)


def a_clock_that_is_off_by_an_hour(scratch):
    """Only `date` of that host says so: there is one kernel. An apply works all the same; doctor names it."""
    fake, login = home(TWO) / "fake", home(TWO) / ".bashrc"
    fake.mkdir()
    (fake / "date").write_text('#!/bin/sh\nexec /bin/date -d "1 hour ago" "$@"\n')
    (fake / "date").chmod(0o755)
    before = login.read_text()
    login.write_text(before + "export PATH=/home/ubuntu/fake:$PATH\n")
    (scratch.dir / "app/data.txt").write_text("three\n")
    scratch.run("apply", "cluster.yaml", "--yes")
    all_well(scratch)
    done = scratch.run("doctor", "cluster.yaml", status=None)
    of_host = done.stdout.split(name_of(scratch, TWO) + "  ")[-1]
    lines = [line for line in of_host.splitlines() if "clock" in line]
    check(done.returncode != 0 and lines and "behind" in lines[0],
          f"doctor says nothing of the clock:\n{done.stdout}{done.stderr}")
    login.write_text(before)


def down(scratch):
    done = scratch.run("down", "cluster.yaml", "--yes")
    check("Nothing is left of cluster lab" in done.stdout, done.stdout)


if __name__ == "__main__":
    if "HOSTLAB" not in os.environ:
        os.execv(LAB, [str(LAB), "run", "-n", "3", sys.executable, __file__, *sys.argv[1:]])
    main(a_full_disk, set_up_that_fails_on_one_of_three, a_connection_that_drops_in_a_command, an_sshd_that_refuses,
         an_sshd_that_refuses_after_a_command_began, an_sshd_that_hangs, a_host_that_shows_another_key, a_node_killed_while_files_arrive,
         a_node_killed_while_it_is_set_up, a_node_killed_while_ray_starts, a_node_killed_while_ray_stops,
         a_clock_that_is_off_by_an_hour, down, prepare=lambda scratch: None)
