"""Every command on three private hosts of the lab, over real sshd, with one real Ray on all of them."""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

if "HOSTLAB" not in os.environ:
    lab = os.environ["RAYCTL_SOURCE_DIR"] + "/fixtures/hostlab/hostlab.sh"
    os.execv(lab, [lab, "run", "-n", "3", sys.executable, *sys.argv])

from harness import RAYCTL, SOURCE, Failure, Scratch, check, main  # noqa: E402
from terminal import Terminal, wait_for  # noqa: E402

LAB = pathlib.Path(os.environ["HOSTLAB"])
HOSTLAB = SOURCE / "fixtures/hostlab/hostlab.sh"
RAY = os.environ["RAYCTL_VENV"] + "/bin"
HEAD, *WORKERS = ("10.77.0.11", "10.77.0.12", "10.77.0.13")

YAML = """\
cluster_name: hosts
max_workers: 2
provider:
  type: local
  head_ip: {head}
  worker_ips: [{workers}]
auth: {{ssh_user: ubuntu, ssh_private_key: {key}}}
rayctl: {{autoscaler: none}}
setup_commands: ["echo made ready on $(hostname)"]
head_start_ray_commands:
  - ray stop
  - ray start --head --port=6379 --num-cpus=1 --object-store-memory=80000000 --disable-usage-stats
worker_start_ray_commands:
  - ray stop
  - ray start --address=$RAY_HEAD_IP:6379 --num-cpus=1 --object-store-memory=80000000 --disable-usage-stats
"""


def home(node):
    return LAB / node / "home/ubuntu"


def lab(*words):
    subprocess.run([HOSTLAB, *words], check=True, stdin=subprocess.DEVNULL)


def on_node(node, line):
    """Runs a shell line on a node, not through rayctl; its output."""
    return subprocess.run([HOSTLAB, "in", node, "sh", "-c", line], text=True, capture_output=True).stdout


def prepare(scratch):
    key = scratch.dir / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    for node in ("n1", "n2", "n3"):
        (LAB / node / "authorized_keys").write_text((scratch.dir / "key.pub").read_text())
        (home(node) / ".bashrc").write_text(f"export PATH={RAY}:$PATH\n")
    (scratch.dir / "cluster.yaml").write_text(YAML.format(head=HEAD, workers=", ".join(WORKERS), key=key))
    (scratch.dir / "app").mkdir(exist_ok=True)


@contextlib.contextmanager
def running(scratch, *words, **options):
    """rayctl while it runs; ended by SIGINT."""
    process = subprocess.Popen([RAYCTL, *words], cwd=scratch.dir, env=scratch.env, stdin=subprocess.DEVNULL, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()


def page(url, seconds=20, token=None):
    """What a page says, once it is there."""
    end = time.time() + seconds
    while True:
        try:
            request = urllib.request.Request(url)
            if token:
                request.add_header("Authorization", f"Bearer {token}")
            return urllib.request.urlopen(request, timeout=5).read().decode()
        except (urllib.error.URLError, OSError) as problem:
            if time.time() > end:
                raise Failure(f"{url}: {problem}") from problem
            time.sleep(0.2)


def up_ends_with_what_comes_next(scratch):
    done = scratch.run("up", "cluster.yaml", "-y", "--no-restart", timeout=600)
    for line in ("rayctl attach cluster.yaml", "rayctl dashboard cluster.yaml", "rayctl down cluster.yaml"):
        check(line in done.stdout, done.stdout)
    ssh = [line.split(None, 1)[1] for line in done.stdout.splitlines() if line.split()[:2] == ["ssh", "ssh"]]
    check(len(ssh) == 1, done.stdout)
    said = subprocess.run(ssh[0] + " hostname", shell=True, text=True, capture_output=True, stdin=subprocess.DEVNULL)
    check(said.stdout.split() == ["n1"], f"{ssh[0]}: {said}")


def addresses_without_a_state(scratch):
    elsewhere = {"XDG_STATE_HOME": str(scratch.dir / "elsewhere")}
    for env in ({}, elsewhere):
        check(scratch.run("get-head-ip", "cluster.yaml", **env).stdout.split() == [HEAD], "head")
        check(scratch.run("get_worker_ips", "cluster.yaml", **env).stdout.split() == WORKERS, "workers")
    check(scratch.run("exec", "cluster.yaml", "hostname", **elsewhere).stdout == "n1\n", "exec")
    listed = json.loads(scratch.run("state", "list", "cluster.yaml", "--json", **elsewhere).stdout)
    check(not listed.get("nodes"), f"looking left records: {listed}")


def exec_on_the_head(scratch):
    done = scratch.run("exec", "cluster.yaml", "echo out $RAY_ADDRESS; echo err >&2; exit 42", status=42)
    check(done.stdout == f"out {HEAD}:6379\n" and done.stderr == "err\n", f"{done}")
    check(scratch.run("exec", "cluster.yaml", "--", "printf", "[%s]", "a b", "$HOME").stdout == "[a b][$HOME]", "words")
    best = min(timed(scratch, "exec", "cluster.yaml", "true") for _ in range(3))
    print(f"     exec true: {best * 1000:.0f} ms", flush=True)


def timed(scratch, *words):
    begun = time.time()
    scratch.run(*words)
    return time.time() - begun


def exec_on_many(scratch):
    done = scratch.run("exec", "cluster.yaml", "--all", "hostname")
    lines = sorted(tuple(line.split(" | ")) for line in done.stdout.splitlines())
    names = [name.strip() for name, _ in lines]
    check([host for _, host in lines] == ["n1", "n2", "n3"] and len(set(names)) == 3, done.stdout)
    worker = names[1]
    kind = worker.rsplit("-", 1)[0]
    check(scratch.run("exec", "cluster.yaml", "--type", kind, "hostname").stdout.count("n1") == 0, "--type")
    check(scratch.run("exec", "cluster.yaml", "--node", worker, "hostname").stdout == "n2\n", "--node")
    done = scratch.run("exec", "cluster.yaml", "--all", "exit $(hostname | tr -dc 0-9)", status=3)
    lab("sshd", "n3", "stop")
    try:
        done = scratch.run("exec", "cluster.yaml", "--all", "hostname", "--json", status=255)
        nodes = json.loads(done.stdout)["nodes"]
        check([node["exit_status"] for node in nodes] == [0, 0, 255], f"{nodes}")
        check(nodes[2]["error"]["code"] == "RAYCTL-0702", f"{nodes[2]}")
    finally:
        lab("sshd", "n3", "start")


def logs_of_each_node(scratch):
    kept = scratch.run("logs", "cluster.yaml").stdout
    for line in scratch.run("exec", "cluster.yaml", "--all", "hostname").stdout.splitlines():
        name, host = (word.strip() for word in line.split("|"))
        check(name in kept, kept)
        setup = scratch.run("logs", "cluster.yaml", name, "--phase", "setup").stdout
        check(f"made ready on {host}" in setup, f"the set-up of {name}:\n{setup}")


def rsync_up_and_down(scratch):
    source = scratch.dir / "data"
    (source / "deep er").mkdir(parents=True)
    (source / "deep er" / "b").write_text("b\n")
    (source / "a").write_text("a\n")
    scratch.run("rsync_up", "cluster.yaml", "./data", "~/sent")
    check((home("n1") / "sent/data/deep er/b").read_text() == "b\n", "the head has it, under its own name")
    check(not (home("n2") / "sent").exists(), "the head alone is meant")
    (source / "a").write_text("changed\n")
    scratch.run("rsync-up", "cluster.yaml", "./data/", "~/sent/data", "--all-nodes")
    for node in ("n1", "n2", "n3"):
        check((home(node) / "sent/data/a").read_text() == "changed\n", f"{node} has the change")
        check((home(node) / "sent/data/deep er/b").read_text() == "b\n", f"{node} has all of it")
    (home("n2") / "sent/data/own").write_text("made there\n")
    scratch.run("rsync-down", "cluster.yaml", "~/sent/data/", "./back", "-A")
    folders = {folder.name: folder for folder in (scratch.dir / "back").iterdir()}
    check(len(folders) == 3, f"a folder for each node: {sorted(folders)}")
    check(all((folder / "deep er/b").read_text() == "b\n" for folder in folders.values()), "all of it came")
    check(sum((folder / "own").exists() for folder in folders.values()) == 1, "also what was made on a node")
    scratch.run("rsync_down", "cluster.yaml", "~/sent/data/a", "one")
    check((scratch.dir / "one").read_text() == "changed\n", "a single file")
    check(scratch.run("rsync-down", "cluster.yaml", "~/nothing", "x", status=None).returncode != 0, "what is not there")
    check(not (scratch.dir / "x").exists(), "nothing is left of what did not come")


def a_dropped_connection_is_255(scratch):
    with running(scratch, "exec", "cluster.yaml", "touch ~/begun; sleep 600") as process:
        wait_for(lambda: (home("n1") / "begun").exists(), "it did not begin")
        lab("sshd", "n1", "drop")
        out, err = process.communicate(timeout=60)
        check(process.returncode == 255 and "RAYCTL-0702" in err, f"{process.returncode} {out} {err}")
    (home("n1") / "begun").unlink()


def ctrl_c_ends_the_remote_command(scratch):
    with running(scratch, "exec", "cluster.yaml", "touch ~/begun; sleep 987") as process:
        wait_for(lambda: (home("n1") / "begun").exists(), "it did not begin")
        check("987" in on_node("n1", "pgrep -af 'sleep 98[7]'"), "it does not run")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        check(process.returncode == 130, f"{process.returncode}")
    wait_for(lambda: not on_node("n1", "pgrep -x sleep -a | grep 987"), "it runs on")
    (home("n1") / "begun").unlink()


def submit_a_job_over_all_nodes(scratch):
    (scratch.dir / "job.py").write_text("""\
import sys
import ray
ray.init(log_to_driver=False, logging_level="error")
@ray.remote(num_cpus=1)
def where():
    import socket, time
    time.sleep(0.5)
    return socket.gethostname()
print(sorted(set(ray.get([where.remote() for _ in range(12)]))), sys.argv[1:])
sys.exit(7)
""")
    done = scratch.run("submit", "cluster.yaml", "job.py", "--", "--epochs", "a b", status=7, timeout=180)
    # Ray's own remarks may come before or after it.
    check("['n1', 'n2', 'n3'] ['--epochs', 'a b']" in done.stdout.splitlines(), f"{done.stdout}{done.stderr}")
    done = scratch.run("submit", "cluster.yaml", "job.py", "--args", "x y", "--run-env", "host", status=7, timeout=180)
    check(any(line.endswith("['x', 'y']") for line in done.stdout.splitlines()), done.stdout)


def a_page_through_port_forward(scratch):
    (home("n1") / "site").mkdir()
    (home("n1") / "site/index.html").write_text("it is the head's page\n")
    serve = "cd ~/site && exec python3 -m http.server 8000 --bind 127.0.0.1"
    with running(scratch, "exec", "cluster.yaml", serve, "-p", "18080:8000", "-p", "8000"):
        for port in (18080, 8000):
            check(page(f"http://127.0.0.1:{port}/") == "it is the head's page\n", f"port {port}")
    wait_for(lambda: "http.server" not in on_node("n1", "pgrep -af '[h]ttp.server'"), "the server runs on")
    terminal = Terminal(scratch, "attach", "cluster.yaml", "-p", "18081:8000")
    terminal.type(f"({serve}) & \n")
    check(page("http://127.0.0.1:18081/") == "it is the head's page\n", "attach -p")
    terminal.type("kill %1; wait; exit 3\n")
    check(terminal.status() == 3, terminal.text)


def dashboard(scratch):
    """ray#10961: -p 9999 --remote-port 8265 forwards 9999 to 8265."""
    for words, port in ((["-p", "9999", "--remote-port", "8265"], 9999), ([], 8265)):
        with running(scratch, "dashboard", "cluster.yaml", *words) as process:
            url = process.stdout.readline().strip()
            check(url == f"http://127.0.0.1:{port}", url)
            check("ray" in page(url + "/api/version", token=token(scratch)).lower(), url)
            if port == 8265:
                with running(scratch, "dashboard", "cluster.yaml") as second:
                    other = second.stdout.readline().strip()
                    check(other.startswith("http://127.0.0.1:") and other != url, other)
                    page(other + "/api/version", token=token(scratch))
                scratch.run("dashboard", "cluster.yaml", "-p", "8265", status=None)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=20)
            check(process.returncode == 0, f"{process.returncode}")
    with running(scratch, "dashboard", "cluster.yaml", "--remote-port", "7", "-p", "9998") as process:
        process.stdout.readline()
        said = [process.stderr.readline() for _ in range(2 if token(scratch) else 1)]
        check("nothing listens on port 7 of " in said[-1], f"{said}")


def token(scratch):
    files = list(scratch.dir.glob("state/rayctl/**/ray_token"))
    return files[0].read_text() if files else None


def attach_in_a_terminal(scratch):
    terminal = Terminal(scratch, "attach", "cluster.yaml")
    terminal.type("echo on $(hostname) in $PWD\n")
    terminal.until("on n1 in /home/ubuntu")
    terminal.type("exit 37\n")
    check(terminal.status() == 37, terminal.text)
    terminal = Terminal(scratch, "attach", "cluster.yaml", "--node-ip", WORKERS[0])
    terminal.type("echo on $(hostname)\n")
    terminal.until("on n2")
    terminal.type("exit\n")
    terminal.status()


def attach_with_tmux_and_with_screen(scratch):
    for flag, variable in (("--tmux", "TMUX"), ("--screen", "STY")):
        scratch.run("exec", "cluster.yaml", f"echo begun; sleep 1; echo from ${{{variable}:+a-$((40+2))}}; touch ~/ran",
                    flag)
        wait_for(lambda: (home("n1") / "ran").exists(), f"{flag}: it did not run")
        # What was started there is still on the screen.
        terminal = Terminal(scratch, "attach", "cluster.yaml", flag)
        terminal.until("from a-42")
        terminal.type("exit\n")
        check(terminal.status() == 0, terminal.text)
        terminal = Terminal(scratch, "attach", "cluster.yaml", flag, "--new")
        terminal.type(f"echo new ${{{variable}:+one-$((20+1))}}\n")
        terminal.until("new one-21")
        terminal.type("exit\n")
        terminal.status()
        (home("n1") / "ran").unlink()


def monitor(scratch):
    done = scratch.run("monitor", "cluster.yaml", "--follow=false", "--lines", "1000")
    check("Starting autoscaler" in done.stdout, done.stdout)
    check(len(scratch.json("monitor", "cluster.yaml", "--lines", "1")["lines"]) >= 1, "--json")
    latest = LAB / "n1/tmp/ray/session_latest"
    log = LAB / "n1" / os.readlink(latest).lstrip("/") / "logs/monitor.log"
    with running(scratch, "monitor", "cluster.yaml", "--lines", "0") as process:
        wait_for(lambda: on_node("n1", "pgrep -x tail"), "it does not follow")
        time.sleep(0.5)
        with log.open("a") as file:
            file.write("and it goes on\n")
        while process.stdout.readline() != "and it goes on\n":
            check(process.poll() is None, "it ended")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        check(process.returncode == 130, f"{process.returncode}")
    wait_for(lambda: not on_node("n1", "pgrep -x tail"), "tail runs on")
    latest.rename(latest.with_name("aside"))
    try:
        done = scratch.run("monitor", "cluster.yaml", status=6)
        check("RAYCTL-0701" in done.stderr and "monitor" in done.stderr, done.stderr)
    finally:
        latest.with_name("aside").rename(latest)


def doctor(scratch):
    value = scratch.json("doctor", "cluster.yaml", status=None)
    nodes = {node["node"]: {check["check"]: check for check in node["checks"]} for node in value["nodes"]}
    check(len(nodes) == 3, f"{list(nodes)}")
    for name, checks in nodes.items():
        for check_name in ("login", "clock", "ray", "python"):
            check(checks[check_name]["health"] == "ok", f"{name}: {checks[check_name]}")
        ways = [name for name in checks if name.startswith("to ")]
        check(ways and all(checks[way]["health"] == "ok" for way in ways), f"{name}: {checks}")
    # n2's clock is off by an hour, n3 has another Ray.
    fake(home("n2") / "bin/date", "echo $(($(/bin/date +%s) + 3600))")
    fake(home("n3") / "bin/ray", f"exec {RAY}/ray \"$@\"")
    fake(home("n3") / "bin/python", "printf 'python=3.8.1\\nray=1.0.0\\n'")
    for node in ("n2", "n3"):
        (home(node) / ".bashrc").write_text(f"export PATH=$HOME/bin:{RAY}:$PATH\n")
    (home("n3") / "bin/ray").write_text(f"#!{home('n3') / 'bin/python'}\n".replace(str(LAB / "n3"), ""))
    done = scratch.run("doctor", "cluster.yaml", status=1)
    check("ahead" in done.stdout and "chrony" in done.stdout, done.stdout)
    check("1.0.0, the head has" in done.stdout and "3.8.1, the head has" in done.stdout, done.stdout)
    for node in ("n2", "n3"):
        shutil.rmtree(home(node) / "bin")
        (home(node) / ".bashrc").write_text(f"export PATH={RAY}:$PATH\n")
    lab("sshd", "n3", "stop")
    try:
        done = scratch.run("doctor", "cluster.yaml", status=1)
        check("10.77.0.13" in done.stdout and "login" in done.stdout, done.stdout)
    finally:
        lab("sshd", "n3", "start")


def fake(path, line):
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


def kill_random_node(scratch):
    value = scratch.json("kill-random-node", "cluster.yaml", "--yes")
    check(value["ip"] in WORKERS, f"{value}")
    node = {"10.77.0.12": "n2", "10.77.0.13": "n3"}[value["ip"]]
    wait_for(lambda: not on_node(node, "pgrep -x raylet"), "Ray runs on there", 60)
    done = scratch.run("kill-random-node", "cluster.yaml", "--yes", "--hard", timeout=120)
    check(done.stdout.strip() in WORKERS, done.stdout)
    node = {"10.77.0.12": "n2", "10.77.0.13": "n3"}[done.stdout.strip()]
    check(not (home(node) / ".rayctl").exists(), f"{node} is still taken")


def start_with_a_live_head_changes_nothing(scratch):
    before = on_node("n1", "cat ~ubuntu/.rayctl/host/tags; pgrep -x gcs_server")
    check(scratch.run("exec", "cluster.yaml", "hostname", "--start").stdout == "n1\n", "exec")
    check(on_node("n1", "cat ~ubuntu/.rayctl/host/tags; pgrep -x gcs_server") == before, "something changed")


def stop_goes_on_over_a_dropped_connection(scratch):
    line = "touch ~/begun; while [ ! -e ~/end ]; do sleep 0.2; done; echo ended; rm ~/end ~/begun; exit 4"
    with running(scratch, "exec", "cluster.yaml", line, "--stop") as process:
        wait_for(lambda: (home("n1") / "begun").exists(), "it did not begin")
        lab("sshd", "n1", "drop")
        time.sleep(1)
        (home("n1") / "end").touch()
        out, err = process.communicate(timeout=180)
        check(process.returncode == 4 and out == "ended\n", f"{process.returncode} {out} {err}")
    for node in ("n1", "n2", "n3"):
        check(not (home(node) / ".rayctl").exists(), f"{node} is still taken:\n{err}")
    check(not on_node("n1", "pgrep -x gcs_server"), "Ray runs on")


def taken():
    return [node for node in ("n1", "n2", "n3") if (home(node) / ".rayctl/host/tags").exists()]


def stop_by_a_supervisor_on_the_head(scratch):
    """Start commands that start nothing: the hosts are taken, and that is all that matters here."""
    yaml = (scratch.dir / "cluster.yaml").read_text()
    idle = yaml.split("rayctl:")[0] + """\
rayctl: {autoscaler: none, wait_timeout_s: 2, wait_for_workers: false}
head_start_ray_commands: ["true"]
worker_start_ray_commands: ["true"]
"""
    (scratch.dir / "cluster.yaml").write_text(idle)
    for key, left in ((None, ["n2", "n3"]), (scratch.dir / "key", [])):
        scratch.run("apply", "cluster.yaml", "--yes", status=None, timeout=120)
        check(taken() == ["n1", "n2", "n3"], f"taken: {taken()}")
        if key:
            shutil.copy(key, home("n1") / "ray_bootstrap_key.pem")
        done = scratch.run("exec", "cluster.yaml", "touch ~/ran; exit 3", "--stop", "--tmux")
        check("rayctl attach cluster.yaml --tmux" in done.stderr, done.stderr)
        log = home("n1") / "rayctl-stop.log"
        wait_for(log.exists, "no closing line", 90)
        line = log.read_text()
        check((home("n1") / "ran").exists() and "ended with 3" in line, line)
        check(taken() == left, f"taken: {taken()}: {line}")
        for ip in WORKERS:
            check((ip in line) == bool(left), line)
        scratch.run("down", "cluster.yaml", "--yes", timeout=120)
        check(not taken(), f"taken: {taken()}")
        log.unlink()
        (home("n1") / "ran").unlink()


def a_supervisor_shuns_a_host_that_shows_another_key(scratch):
    """The head releases only workers that show the keys that were pinned when they were taken."""
    scratch.run("apply", "cluster.yaml", "--yes", status=None, timeout=120)
    (home("n1") / "ray_bootstrap_key.pem").write_text((scratch.dir / "key").read_text())
    scratch.run("exec", "cluster.yaml", "while ! [ -e ~/exchanged ]; do sleep 0.1; done", "--stop", "--tmux")
    lab("sshd", "n3", "stop")
    kept = (LAB / "n3/hostkey").read_bytes()
    (LAB / "n3/hostkey").unlink()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", LAB / "n3/hostkey"], check=True, input=b"y\n")
    lab("sshd", "n3", "start")
    (home("n1") / "exchanged").touch()
    log = home("n1") / "rayctl-stop.log"
    wait_for(log.exists, "no closing line", 90)
    check(taken() == ["n3"], f"taken: {taken()}: {log.read_text()}")
    check(WORKERS[1] in log.read_text() and WORKERS[0] not in log.read_text(), log.read_text())
    lab("sshd", "n3", "stop")
    (LAB / "n3/hostkey").write_bytes(kept)
    lab("sshd", "n3", "start")
    scratch.run("down", "cluster.yaml", "--yes", timeout=120)
    check(not taken(), f"taken: {taken()}")


main(up_ends_with_what_comes_next, addresses_without_a_state, exec_on_the_head, exec_on_many,
     logs_of_each_node, rsync_up_and_down, a_dropped_connection_is_255, ctrl_c_ends_the_remote_command, submit_a_job_over_all_nodes,
     a_page_through_port_forward, dashboard, attach_in_a_terminal, attach_with_tmux_and_with_screen, monitor, doctor,
     start_with_a_live_head_changes_nothing, kill_random_node, stop_goes_on_over_a_dropped_connection,
     stop_by_a_supervisor_on_the_head, a_supervisor_shuns_a_host_that_shows_another_key, prepare=prepare)
