"""Two applies at once, a damaged state file, a lost one, a stale plan, and what signals do."""
import contextlib
import json
import os
import signal
import subprocess
import time

from harness import RAYCTL, check, main


def two_applies_at_once(scratch):
    scratch.plain(setup="sleep 3")
    first = subprocess.Popen([RAYCTL, "apply", "cluster.yaml", "--yes"], cwd=scratch.dir, env=scratch.env,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL)
    for _ in range(100):
        if scratch.homes():
            break
        time.sleep(0.05)
    second = scratch.run("apply", "cluster.yaml", "--yes", status=5)
    check(f"pid {first.pid}" in second.stderr, f"the holder is not named:\n{second.stderr}")
    check("apply" in second.stderr and "RAYCTL-0301" in second.stderr, second.stderr)
    out, _ = first.communicate(timeout=120)
    check(first.returncode == 0, out)
    scratch.empty_plan()


def waiting_for_the_lock(scratch):
    scratch.plain(setup="sleep 2")
    first = subprocess.Popen([RAYCTL, "apply", "cluster.yaml", "--yes"], cwd=scratch.dir, env=scratch.env,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    while not scratch.homes():
        time.sleep(0.05)
    scratch.run("apply", "cluster.yaml", "--yes", "--lock-timeout", "60s")
    check(first.wait(60) == 0, "the first apply failed")


def damaged_state(scratch):
    scratch.plain()
    scratch.run("apply", "cluster.yaml", "--yes")
    before = scratch.processes()
    state = next(scratch.dir.glob("state/rayctl/plain/state.db"))
    for damage in (lambda b: b[: len(b) // 2], lambda b: b"not a database" * 100,
                   lambda b: b[:100] + os.urandom(len(b) - 100)):
        scratch.run("state", "pull", "cluster.yaml")
        whole = state.read_bytes()
        for extra in state.parent.glob("state.db-*"):
            extra.unlink()
        state.write_bytes(damage(whole))
        done = scratch.run("plan", "cluster.yaml", status=None)
        check(done.returncode not in (0, 2), f"a damaged state was planned with:\n{done.stdout}")
        check("RAYCTL-0302" in done.stderr and "rayctl import" in done.stderr, done.stderr)
        done = scratch.run("import", "cluster.yaml", "--yes")
        kept = list(state.parent.glob("state.db.*"))
        check(kept, f"the damaged file was not kept aside: {list(state.parent.iterdir())}\n{done.stderr}")
        scratch.empty_plan()
        check(scratch.processes() == before, "import touched a process")
        for each in kept:
            each.unlink()
    scratch.run("down", "cluster.yaml", "--yes")
    check(not scratch.processes(), "processes are left")


def lost_state(scratch):
    """The state is gone altogether: a plan adopts what carries our id rather than making it twice."""
    scratch.plain()
    scratch.run("apply", "cluster.yaml", "--yes")
    before = scratch.processes()
    for each in scratch.dir.glob("state/rayctl/plain/state.db*"):
        each.unlink()
    scratch.run("import", "cluster.yaml", "--yes")
    scratch.empty_plan()
    check(scratch.processes() == before, "import touched a process")


def stale_plan(scratch):
    """tf#28693: a plan that is refused as stale leaves no lock behind."""
    scratch.plain()
    scratch.run("plan", "cluster.yaml", "--out", "saved.json")
    scratch.run("apply", "cluster.yaml", "--yes")
    done = scratch.run("apply", "saved.json", "--yes", status=8)
    check("RAYCTL-0401" in done.stderr, done.stderr)
    scratch.run("state", "lock", "cluster.yaml")
    scratch.plain(workers=3)
    scratch.run("plan", "cluster.yaml", "--out", "saved.json")
    scratch.run("apply", "saved.json", "--yes")
    scratch.empty_plan()
    check(len(scratch.homes()) == 4, f"{scratch.homes()}")


def interrupted_while_planning(scratch):
    """tf#30918: SIGINT before the plan is made: nothing is executed, whatever comes after."""
    pipe = scratch.dir / "pipe"
    os.mkfifo(pipe)
    scratch.plain(setup=f"echo secret://file/{pipe}")
    run = subprocess.Popen([RAYCTL, "apply", "cluster.yaml", "--yes"], cwd=scratch.dir, env=scratch.env,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL)
    secret = os.open(pipe, os.O_WRONLY)  # waits until it is being read
    run.send_signal(signal.SIGINT)
    time.sleep(0.2)
    with contextlib.suppress(BrokenPipeError):  # if it has ended
        os.write(secret, b"word\n")
    os.close(secret)
    out, _ = run.communicate(timeout=60)
    check(run.returncode in (130, -signal.SIGINT), f"exit {run.returncode}\n{out}")
    check(not scratch.homes() and not scratch.processes(), f"something was made: {scratch.homes()}\n{out}")


def interrupted(scratch):
    """SIGINT finishes what is in flight, starts nothing more, and leaves a state that the next apply goes on from."""
    scratch.plain(setup="sleep 2; echo done >> ~/setup.log")
    run = subprocess.Popen([RAYCTL, "apply", "cluster.yaml", "--yes"], cwd=scratch.dir, env=scratch.env,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL)
    while not list(scratch.dir.glob("state/rayctl/nodes/*/*/.rayctl/ops/*")):
        time.sleep(0.05)
    time.sleep(0.3)
    run.send_signal(signal.SIGINT)
    out, _ = run.communicate(timeout=60)
    check(run.returncode == 130, f"exit {run.returncode}\n{out}")
    check(not [c for c in scratch.processes().values() if c.startswith("sleep 600")], "something was started after SIGINT")
    scratch.run("apply", "cluster.yaml", "--yes")
    scratch.empty_plan()
    for name, (folder,) in scratch.homes().items():
        check((folder / "setup.log").read_text() == "done\n", f"set-up of {name} ran twice")


def push_and_pull(scratch):
    scratch.plain()
    scratch.run("apply", "cluster.yaml", "--yes")
    old = scratch.run("state", "pull", "cluster.yaml").stdout
    (scratch.dir / "old.json").write_text(old)
    scratch.plain(workers=1)
    scratch.run("apply", "cluster.yaml", "--yes")
    done = scratch.run("state", "push", "cluster.yaml", "old.json", status=None)
    check(done.returncode != 0 and "serial" in done.stderr, done.stderr)
    other = json.loads(scratch.run("state", "pull", "cluster.yaml").stdout)
    other["lineage"] = "0123456789abcdef"
    (scratch.dir / "other.json").write_text(json.dumps(other))
    done = scratch.run("state", "push", "cluster.yaml", "other.json", status=None)
    check(done.returncode != 0 and "lineage" in done.stderr, done.stderr)


def a_failing_setup_command(scratch):
    scratch.plain(setup="echo some words; echo the reason >&2; exit 7")
    done = scratch.run("apply", "cluster.yaml", "--yes", status=6)
    check("RAYCTL-0207" in done.stderr and "the reason" in done.stderr, done.stderr)
    scratch.plain(setup="echo fixed >> ~/setup.log")
    scratch.run("apply", "cluster.yaml", "--yes")
    scratch.empty_plan()


def fifty_applies(scratch):
    """ray#20402: applying again and again does nothing again and again."""
    scratch.plain()
    scratch.run("apply", "cluster.yaml", "--yes")
    before = scratch.processes()
    for _ in range(49):
        scratch.run("apply", "cluster.yaml", "--yes")
    check(scratch.processes() == before, "a process changed")


MEETING = """\
worker_setup_commands:
  - echo $RAYCTL_NODE_NAME >> ~/mine.log
  - mkdir -p {room}; touch {room}/$RAYCTL_NODE_NAME; for i in $(seq 100); do
      [ $(ls {room} | wc -l) = 2 ] && exit 0; sleep 0.02; done; exit 9
"""


def two_nodes_at_once_through_set_up(scratch):
    """ray#40898: a hundred times two new nodes are set up at once; neither disturbs the other, none is made twice."""
    for number in range(100):
        scratch.plain(workers=2)
        with (scratch.dir / "cluster.yaml").open("a") as file:
            file.write(MEETING.format(room=scratch.dir / f"room-{number}"))
        scratch.run("apply", "cluster.yaml", "--yes")
        homes = scratch.homes()
        workers = {name: folders for name, folders in homes.items() if name.startswith("worker")}
        check(len(homes) == 3 and len(workers) == 2, f"round {number}: {homes}")
        for name, folders in workers.items():
            logs = [(folder / "mine.log").read_text() for folder in folders]
            check(logs == [name + "\n"], f"round {number}: the set-up of {name} wrote {logs}")
        scratch.run("down", "cluster.yaml", "--yes", "--workers-only")


def bytecode_in_a_mount(scratch):
    """ray#3859: a .pyc in a file mount disturbs nobody."""
    scratch.plain()
    scratch.run("apply", "cluster.yaml", "--yes")
    cache = scratch.dir / "app" / "__pycache__"
    cache.mkdir()
    (cache / "x.cpython-311.pyc").write_bytes(b"\0")
    (scratch.dir / "app" / "y.pyc").write_bytes(b"\0")
    scratch.empty_plan()


main(two_applies_at_once, waiting_for_the_lock, damaged_state, lost_state, stale_plan, interrupted_while_planning, interrupted,
     push_and_pull, a_failing_setup_command, fifty_applies, two_nodes_at_once_through_set_up, bytecode_in_a_mount)
