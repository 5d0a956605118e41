"""Canaries in every place that a secret can stand: none of them may be found in state, plans, logs or argv, and yet
each must arrive where it is meant to."""
import os
import pathlib
import stat
import subprocess
import threading

from harness import RAYCTL, check, main

YAML = """\
cluster_name: canary
max_workers: 2
provider: {type: process}
available_node_types:
  head:
    node_config:
      command: [sleep, "600"]
      env: {API_TOKEN: "secret://env/CANARY_ENV", DB_PASSWORD: canary-inline-4711}
  worker:
    min_workers: 1
    node_config:
      command: [sleep, "600"]
      env: {API_TOKEN: "secret://file/@DIR@/secret.txt"}
head_node_type: head
setup_commands:
  - echo "token is $API_TOKEN"
  - echo "password is secret://env/CANARY_COMMAND" > ~/from-command
"""
CANARIES = ["canary-env-4711", "canary-inline-4711", "canary-file-4711", "canary-command-4711"]
ENV = {"CANARY_ENV": CANARIES[0], "CANARY_COMMAND": CANARIES[3]}


def watch_argv(stop, found):
    """Collects every command line that is seen while the run goes on."""
    while not stop.is_set():
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    line = (entry / "cmdline").read_bytes()
                except OSError:
                    continue
                for canary in CANARIES:
                    if canary.encode() in line:
                        found.add((canary, line.replace(b"\0", b" ").decode(errors="replace")))


def search(scratch, texts):
    hits = [(canary, "output") for text in texts for canary in CANARIES if canary in text]
    """Where a canary is, but for what the user wrote and the nodes' own disks: there the secrets are meant to be."""
    nodes = scratch.dir / "state" / "rayctl" / "nodes"
    for folder, _, files in os.walk(scratch.dir):
        for name in files:
            path = pathlib.Path(folder) / name
            if path in (scratch.dir / "cluster.yaml", scratch.dir / "secret.txt") or nodes in path.parents:
                continue
            data = path.read_bytes()
            hits += [(canary, str(path)) for canary in CANARIES if canary.encode() in data]
    return hits


def no_canary_anywhere(scratch):
    """tf#516: neither in the state, nor in plans, logs or argv."""
    (scratch.dir / "cluster.yaml").write_text(YAML.replace("@DIR@", str(scratch.dir)))
    (scratch.dir / "secret.txt").write_text(CANARIES[2] + "\n")
    scratch.env.update(ENV)
    texts = []

    def run(*words, status=0):
        done = scratch.run(*words, status=status, RAYCTL_LOG="trace")
        texts.extend([done.stdout, done.stderr])
        return done

    stop, seen = threading.Event(), set()
    watcher = threading.Thread(target=watch_argv, args=(stop, seen))
    watcher.start()
    try:
        warned = run("validate", "cluster.yaml")
        check("DB_PASSWORD" in warned.stderr, f"validate does not warn of the inline secret:\n{warned.stderr}")
        run("plan", "cluster.yaml", "--explain")
        run("plan", "cluster.yaml", "--json")
        run("plan", "cluster.yaml", "--out", "saved.json")
        run("apply", "saved.json", "--yes")
        run("apply", "cluster.yaml", "--yes", "--json")
        run("status", "cluster.yaml", "--json")
        run("state", "show", "cluster.yaml", "--json")
        run("state", "pull", "cluster.yaml")
        run("state", "history", "cluster.yaml", "--json")
        run("logs", "cluster.yaml", "head-1")
        scratch.empty_plan()
    finally:
        stop.set()
        watcher.join()
    check(not seen, f"in a command line: {seen}")
    hits = search(scratch, texts)
    check(not hits, f"found: {hits}")

    homes = scratch.homes()
    for name in ("head-1", "worker-1"):
        text = (homes[name][0] / "from-command").read_text()
        check(CANARIES[3] in text, f"the secret did not reach the set-up command on {name}: {text}")
    environs = [pathlib.Path(f"/proc/{pid}/environ").read_bytes() for pid, line in scratch.processes().items()
                if line.startswith("sleep ")]
    for canary in CANARIES[:3]:
        check(any(canary.encode() in each for each in environs), f"{canary} did not reach its process")
    run("down", "cluster.yaml", "--yes")


def a_changed_inline_secret_is_a_change(scratch):
    scratch.env.update(ENV)
    (scratch.dir / "secret.txt").write_text(CANARIES[2])
    text = YAML.replace("@DIR@", str(scratch.dir))
    (scratch.dir / "cluster.yaml").write_text(text)
    scratch.run("apply", "cluster.yaml", "--yes")
    scratch.empty_plan()
    (scratch.dir / "cluster.yaml").write_text(text.replace("canary-inline-4711", "canary-inline-4712"))
    done = scratch.run("plan", "cluster.yaml", "--detailed-exitcode", status=2)
    check("DB_PASSWORD" in done.stdout or "env" in done.stdout, done.stdout)


def a_missing_secret_is_said_at_once(scratch):
    (scratch.dir / "cluster.yaml").write_text(YAML.replace("@DIR@", str(scratch.dir)))
    done = scratch.run("apply", "cluster.yaml", "--yes", status=3)
    for name in ("CANARY_ENV", "CANARY_COMMAND", "secret.txt"):
        check(name in done.stderr, f"{name} is not named:\n{done.stderr}")
    check("RAYCTL-0103" in done.stderr, done.stderr)
    check(not scratch.homes(), "something was made")


def private_files(scratch):
    """Keys, tokens and records are for their owner only."""
    scratch.plain()
    scratch.run("apply", "cluster.yaml", "--yes")
    for homes in scratch.homes().values():
        mode = stat.S_IMODE((homes[0] / ".rayctl").stat().st_mode)
        check(mode == 0o700, f"{homes[0]}/.rayctl has mode {mode:o}")
    for folder, _, files in os.walk(scratch.dir / "state" / "rayctl" / "plain"):
        check(stat.S_IMODE(os.stat(folder).st_mode) & 0o077 == 0, f"{folder} is open to others")
        for name in files:
            mode = stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode)
            check(mode & 0o077 == 0, f"{folder}/{name} has mode {mode:o}")


def no_prompt_without_a_terminal(scratch):
    scratch.plain()
    done = subprocess.run([RAYCTL, "apply", "cluster.yaml"], cwd=scratch.dir, env=scratch.env, text=True,
                          capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
    check(done.returncode == 3 and "--yes" in done.stderr, f"{done.returncode}\n{done.stderr}")
    check(not scratch.homes(), "something was made")


main(no_canary_anywhere, a_changed_inline_secret_is_a_change, a_missing_secret_is_said_at_once, private_files,
     no_prompt_without_a_terminal)
