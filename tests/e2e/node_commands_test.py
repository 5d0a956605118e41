"""The commands that work on nodes, on one machine: exec on many, signals, attach in a pseudo-terminal, kill-random-node,
doctor, and all of them without a record of the cluster."""
import json
import os
import re
import signal
import subprocess
import time

from harness import RAYCTL, check, main
from terminal import Terminal, wait_for


def exec_on_many(scratch):
    scratch.plain()
    scratch.run("apply", "cluster.yaml", "--yes")
    done = scratch.run("exec", "cluster.yaml", "--all", "echo $RAYCTL_X here; basename ~")
    lines = sorted(done.stdout.splitlines())
    check(len(lines) == 6 and all(" | " in line for line in lines), done.stdout)
    check({line.split(" |")[0].strip() for line in lines} == {"head-1", "worker-1", "worker-2"}, done.stdout)
    done = scratch.run("exec", "cluster.yaml", "--type", "worker", "echo x; [[ ~ != *worker-2* ]] || exit 9", status=None)
    check(done.stdout.count("worker-") == 2 and "head" not in done.stdout, done.stdout)
    value = scratch.json("exec", "cluster.yaml", "--node", "worker-1", "--node", "head-1", "pwd", )
    check([node["name"] for node in value["nodes"]] == ["worker-1", "head-1"], f"{value}")
    done = scratch.run("exec", "cluster.yaml", "--all", "exit $(basename ~ | cksum | cut -c1)", status=None)
    codes = [node["exit_status"] for node in json.loads(
        scratch.run("exec", "cluster.yaml", "--all", "--json", "exit $(basename ~ | cksum | cut -c1)", status=None).stdout)
        ["nodes"]]
    check(done.returncode == max(codes), f"{done.returncode} of {codes}")
    check(scratch.run("exec", "cluster.yaml", "--node", "worker-1", "echo plain").stdout == "plain\n", "prefixed")
    scratch.run("exec", "cluster.yaml", "--node", "worker-9", "true", status=255)
    scratch.run("exec", "cluster.yaml", "--type", "nothing", "true", status=255)


def ctrl_c_ends_the_remote_command(scratch):
    scratch.plain(workers=1)
    scratch.run("apply", "cluster.yaml", "--yes")
    for words in (["exec", "cluster.yaml"], ["exec", "cluster.yaml", "--all"]):
        home = scratch.homes()["head-1"][0]
        (home / "begun").unlink(missing_ok=True)
        running = subprocess.Popen([RAYCTL, *words, "touch ~/begun; sleep 987 & sleep 988"], cwd=scratch.dir,
                                   env=scratch.env, stdin=subprocess.DEVNULL)
        wait_for(lambda: (home / "begun").exists(), "the command did not begin")
        running.send_signal(signal.SIGINT)
        check(running.wait(timeout=20) == 130, f"exit {running.returncode}")
        wait_for(lambda: "sleep 988" not in scratch.processes().values(), f"it runs on: {scratch.processes()}")


def attach_in_a_terminal(scratch):
    scratch.plain(workers=1)
    scratch.run("apply", "cluster.yaml", "--yes")
    home = scratch.homes()["head-1"][0]
    terminal = Terminal(scratch, "attach", "cluster.yaml")
    terminal.type("echo at=$PWD home=$HOME name=$(basename $0)\n")
    terminal.until(f"at={home} home={home}")
    terminal.type("exit 37\n")
    check(terminal.status() == 37, terminal.text)

    # Ctrl-C is the shell's business and does not end the attach.
    terminal = Terminal(scratch, "attach", "cluster.yaml", "--node", "worker-1")
    terminal.type("sleep 600\n")
    time.sleep(1)
    terminal.type("\x03")
    terminal.type("echo sti''ll here\n")
    terminal.until("still here")
    terminal.type("exit\n")
    terminal.status()

    terminal = Terminal(scratch, "attach", "cluster.yaml", "--tmux")
    terminal.until("0:bash")
    terminal.type("echo in_${TMUX:+tmux}_$((6*7))\n")
    terminal.until("in_tmux_42")
    terminal.type("exit\n")
    check(terminal.status() == 0, terminal.text)
    terminal = Terminal(scratch, "attach", "cluster.yaml", "--node", "worker-7")
    check(terminal.status() == 255 and "RAYCTL-0006" in terminal.text, terminal.text)


def kill_random_node(scratch):
    scratch.plain()
    scratch.run("apply", "cluster.yaml", "--yes")
    scratch.run("kill-random-node", "cluster.yaml", status=3)
    value = scratch.json("kill-random-node", "cluster.yaml", "--yes")
    check(value["node"] in ("worker-1", "worker-2") and not value["hard"], f"{value}")
    sleeping = [line for line in scratch.processes().values() if line.startswith("sleep ")]
    check(len(sleeping) == 2, f"{sleeping}")
    done = scratch.run("plan", "cluster.yaml", "--detailed-exitcode", status=2)
    check(value["node"] in done.stdout, done.stdout)
    scratch.run("apply", "cluster.yaml", "--yes")
    before = set(scratch.homes())
    done = scratch.run("kill-random-node", "cluster.yaml", "--yes", "--hard")
    check(len(before - set(scratch.homes())) == 1, f"{before} {scratch.homes()}")
    check(done.stdout.count(".") == 3, done.stdout)
    scratch.run("apply", "cluster.yaml", "--yes")
    scratch.empty_plan()
    scratch.plain(workers=0)
    text = (scratch.dir / "cluster.yaml").read_text().replace("max_workers: 8", "max_workers: 0")
    (scratch.dir / "cluster.yaml").write_text(text)
    scratch.run("apply", "cluster.yaml", "--yes")
    scratch.run("kill-random-node", "cluster.yaml", "--yes", status=3)


def doctor(scratch):
    scratch.plain(workers=1)
    scratch.run("apply", "cluster.yaml", "--yes")
    value = scratch.json("doctor", "cluster.yaml", status=None)
    checks = {check["check"]: check for check in value["nodes"][1]["checks"]}
    check(set(checks) == {"login", "clock", "disk", "files"}, f"{checks}")
    check(checks["login"]["health"] == "ok" and checks["clock"]["found"] == "agrees", f"{checks}")
    # A clock that is an hour behind: the first `date` on the PATH of node_config says so.
    fake = scratch.dir / "bin"
    fake.mkdir()
    (fake / "date").write_text("#!/bin/sh\necho $(($(/usr/bin/date +%s) - 3600))\n")
    (fake / "date").chmod(0o755)
    done = scratch.run("doctor", "cluster.yaml", status=1, PATH=f"{fake}:{os.environ['PATH']}")
    check(re.search(r"(59|60) min behind|1 h behind", done.stdout), done.stdout)
    check("chrony" in done.stdout and "head-1" in done.stdout and "worker-1" in done.stdout, done.stdout)


def without_a_record_of_the_cluster(scratch):
    """A second machine of the same user's: the same nodes, another state."""
    scratch.plain(workers=1)
    text = (scratch.dir / "cluster.yaml").read_text()
    text = text.replace("provider: {type: process}", "provider: {type: process, root: " + f"{scratch.dir}/nodes" + "}")
    (scratch.dir / "cluster.yaml").write_text(text)
    scratch.run("apply", "cluster.yaml", "--yes")
    try:
        elsewhere = {"XDG_STATE_HOME": str(scratch.dir / "elsewhere")}
        for verb in ("get-head-ip", "get-worker-ips", "get_worker_ips"):
            here, there = scratch.run(verb, "cluster.yaml").stdout, scratch.run(verb, "cluster.yaml", **elsewhere).stdout
            check(here == there and here.count(".") == 3, f"{verb}: {here} {there}")
        check(scratch.run("exec", "cluster.yaml", "exit 5", status=5, **elsewhere).stdout == "", "exec")
        done = scratch.run("exec", "cluster.yaml", "--all", "true", "--json", **elsewhere)
        check([node["name"] for node in json.loads(done.stdout)["nodes"]] == ["head-1", "worker-1"], done.stdout)
        scratch.run("doctor", "cluster.yaml", status=None, **elsewhere)
        value = json.loads(scratch.run("kill-random-node", "cluster.yaml", "--yes", "--hard", "--json", **elsewhere).stdout)
        check(value["node"] == "worker-1", f"{value}")
        listed = json.loads(scratch.run("state", "list", "cluster.yaml", "--json", **elsewhere).stdout)
        check(not listed.get("nodes"), f"looking left records: {listed}")
    finally:
        scratch.run("down", "cluster.yaml", "--yes")


def start_and_stop(scratch):
    scratch.plain(workers=1)
    done = scratch.run("exec", "cluster.yaml", "echo ran; exit 6", "--start", status=6)
    check(done.stdout == "ran\n", done.stdout)
    before = {name: folders[0].name for name, folders in scratch.homes().items()}
    check(sorted(before) == ["head-1", "worker-1"], f"{before}")
    # A head that is up is left as it is, whatever the file says now.
    scratch.plain(workers=2, setup="touch ~/again")
    scratch.run("exec", "cluster.yaml", "true", "--start")
    check({name: folders[0].name for name, folders in scratch.homes().items()} == before, f"{scratch.homes()}")
    done = scratch.run("exec", "cluster.yaml", "echo last; exit 4", "--stop", status=4)
    check(done.stdout == "last\n", done.stdout)
    check(not scratch.homes(), f"{scratch.homes()}")
    (scratch.dir / "job.py").write_text("import sys; print(sys.argv[1:]); sys.exit(3)\n")
    done = scratch.run("submit", "cluster.yaml", "job.py", "--start", "--stop", "--", "--a b", "c", status=3)
    check(done.stdout == "['--a b', 'c']\n", done.stdout)
    check(not scratch.homes(), f"{scratch.homes()}")


def tmux_goes_on_without_us(scratch):
    scratch.plain(workers=0)
    scratch.run("apply", "cluster.yaml", "--yes")
    home = scratch.homes()["head-1"][0]
    done = scratch.run("exec", "cluster.yaml", "echo $RAYCTL_NODE_DIR > ~/where; echo 'a;b' > ~/odd;", "--tmux")
    check("rayctl attach cluster.yaml --tmux" in done.stderr, done.stderr)
    wait_for(lambda: (home / "odd").exists(), "the command did not run")
    wait_for(lambda: (home / "odd").read_text() == "a;b\n", (home / "odd").read_text())


def up_ends_with_what_comes_next(scratch):
    scratch.plain(workers=0)
    done = scratch.run("up", "cluster.yaml", "-y")
    for line in ("rayctl attach cluster.yaml", "rayctl dashboard cluster.yaml", "rayctl down cluster.yaml"):
        check(line in done.stdout, done.stdout)
    scratch.run("create_or_update", "cluster.yaml", "-y", "--no-restart")
    scratch.run("teardown", "cluster.yaml", "-y")
    check(not scratch.homes(), f"{scratch.homes()}")


main(exec_on_many, ctrl_c_ends_the_remote_command, attach_in_a_terminal, kill_random_node, doctor,
     without_a_record_of_the_cluster, start_and_stop, tmux_goes_on_without_us, up_ends_with_what_comes_next)
