"""What a person and a script see: exit statuses, stdout as data, JSON that parses in every branch, odd names, flags."""
import json
import os
import pathlib
import re
import signal
import subprocess
import time

from harness import RAYCTL, check, main


def exit_statuses(scratch):
    scratch.plain()
    rows = [
        (["plan", "cluster.yaml"], 0),
        (["plan", "cluster.yaml", "--detailed-exitcode"], 2),
        (["plan", "missing.yaml"], 3),
        (["plan", "missing.yaml", "--detailed-exitcode"], 1),
        (["plan"], 3),
        (["no-such-verb"], 3),
        (["plan", "cluster.yaml", "--no-such-flag"], 3),
        (["apply", "cluster.yaml"], 3),
        (["exec", "cluster.yaml", "true"], 255),
        (["state", "rm", "cluster.yaml", "worker-9"], 1),
    ]
    for words, status in rows:
        done = scratch.run(*words, status=None)
        check(done.returncode == status, f"{words}: exit {done.returncode}, expected {status}\n{done.stdout}{done.stderr}")
        if status not in (0, 2):
            check(re.search(r"RAYCTL-\d{4}|error:", done.stderr), f"{words}: no code on stderr:\n{done.stderr}")
            check(not done.stdout, f"{words}: a failure wrote to stdout:\n{done.stdout}")
    check(not scratch.homes(), "something was made")


def json_in_every_branch(scratch):
    """sky#10713: stdout parses whatever happens, and what people read is on stderr."""
    scratch.plain()
    (scratch.dir / "bad.yaml").write_text("cluster_name: [\n")
    for words in (["plan", "cluster.yaml"], ["plan", "bad.yaml"], ["plan", "missing.yaml"], ["status", "cluster.yaml"],
                  ["status", "missing.yaml"], ["validate", "cluster.yaml"], ["validate", "bad.yaml"], ["version"],
                  ["state", "list", "cluster.yaml"], ["state", "show", "cluster.yaml"],
                  ["state", "history", "cluster.yaml"]):
        done = scratch.run(*words, "--json", status=None)
        value = json.loads(done.stdout)
        check(isinstance(value, dict), f"{words}: the top level is not a record")
        if done.returncode:
            check(value["error"]["code"].startswith("RAYCTL-"), f"{words}: {done.stdout}")
            check(done.stderr, f"{words}: nothing on stderr")
    done = scratch.run("apply", "cluster.yaml", "--yes", "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    check(lines[0]["type"] == "version" and lines[0]["format_version"], lines[0])
    check(lines[-1]["type"] != "version" and len(lines) > 5, done.stdout)


def equal_input_equal_bytes(scratch):
    scratch.plain()
    scratch.run("apply", "cluster.yaml", "--yes")
    scratch.plain(workers=4)
    first = scratch.json("plan", "cluster.yaml")
    second = scratch.json("plan", "cluster.yaml")
    for plan in (first, second):
        plan.pop("made_at")
    check(json.dumps(first) == json.dumps(second), "two plans differ")


def every_mistake_at_once(scratch):
    (scratch.dir / "cluster.yaml").write_text("""\
cluster_name: demo
max_wrokers: 3
provider: {type: process, rooot: /tmp}
available_node_types:
  head: {node_config: {}}
  worker: {min_workers: 5, max_workers: 2, node_config: {ray_start_arg: {}}}
head_node_type: haed
file_mounts: {"~/x": ./nowhere}
""")
    done = scratch.run("apply", "cluster.yaml", "--yes", status=3)
    for word in ("cluster.yaml:2:1", "max_workers", "root", "cluster.yaml:6:", "ray_start_args", "cluster.yaml:7:", "head",
                 "nowhere"):
        check(word in done.stderr, f"`{word}` is not in:\n{done.stderr}")
    check(len(re.findall(r": error: ", done.stderr)) >= 6, done.stderr)
    check(not (scratch.dir / "state").exists(), "the state was touched")


def odd_cluster_names(scratch):
    """ray#45189, ray#4745: any name works or is refused with a clear error."""
    for name in ("a:b", "with space", "ümlaut", "x" * 200, "../../up", "a/b", "-n", "."):
        scratch.plain(workers=0)
        text = (scratch.dir / "cluster.yaml").read_text().replace("cluster_name: plain", f"cluster_name: {json.dumps(name)}")
        (scratch.dir / "cluster.yaml").write_text(text)
        done = scratch.run("apply", "cluster.yaml", "--yes", status=None)
        if done.returncode == 0:
            scratch.empty_plan()
            scratch.run("down", "cluster.yaml", "--yes")
        else:
            check(done.returncode == 3 and "cluster_name" in done.stderr, f"{name}: {done.returncode}\n{done.stderr}")
        check(not scratch.processes(), f"{name}: processes are left")
    outside = [p for p in pathlib.Path(scratch.dir).iterdir() if p.name not in ("state", "cluster.yaml", "app")]
    check(not outside, f"written outside the state folder: {outside}")


def names_are_not_reused(scratch):
    """ray#31538, ray#34198"""
    scratch.plain(workers=2)
    scratch.run("apply", "cluster.yaml", "--yes")
    text = (scratch.dir / "cluster.yaml").read_text()
    (scratch.dir / "cluster.yaml").write_text(text.replace("min_workers: 2, max_workers: 8", "min_workers: 0, max_workers: 1"))
    scratch.run("apply", "cluster.yaml", "--yes")
    left = [name for name in scratch.homes() if name.startswith("worker")]
    check(len(left) == 1, f"{left}")
    scratch.plain(workers=2)
    scratch.run("apply", "cluster.yaml", "--yes")
    check("worker-3" in scratch.homes(), f"{sorted(scratch.homes())}")


def a_renamed_type_replaces_its_nodes(scratch):
    scratch.plain()
    scratch.run("apply", "cluster.yaml", "--yes")
    text = (scratch.dir / "cluster.yaml").read_text()
    (scratch.dir / "cluster.yaml").write_text(text.replace("worker:", "cpu:"))
    done = scratch.run("plan", "cluster.yaml", "--detailed-exitcode", status=2)
    check("worker-1" in done.stdout and "cpu-1" in done.stdout, done.stdout)
    scratch.run("apply", "cluster.yaml", "--yes")
    check(sorted(scratch.homes()) == ["cpu-1", "cpu-2", "head-1"], f"{sorted(scratch.homes())}")


def a_dead_node_is_replaced(scratch):
    scratch.plain()
    scratch.run("apply", "cluster.yaml", "--yes")
    folder = scratch.homes()["worker-1"][0]
    words = ["node-supervisor".encode(), str(folder).encode()]
    pids = [int(entry.name) for entry in pathlib.Path("/proc").iterdir() if entry.name.isdigit()
            and (entry / "cmdline").read_bytes().split(b"\0")[1:3] == words]
    check(len(pids) == 1, f"supervisors of worker-1: {pids}")
    os.kill(pids[0], signal.SIGKILL)
    done = scratch.run("plan", "cluster.yaml", "--detailed-exitcode", status=2)
    check("worker-3" in done.stdout, done.stdout)
    scratch.run("apply", "cluster.yaml", "--yes")
    scratch.empty_plan()
    sleeping = [line for line in scratch.processes().values() if line.startswith("sleep ")]
    check(len(sleeping) == 3, f"{scratch.processes()}")


def a_dead_process_is_started_again(scratch):
    scratch.plain()
    scratch.run("apply", "cluster.yaml", "--yes")
    folder = scratch.homes()["worker-2"][0]
    marker = f"RAYCTL_NODE_DIR={folder}\0".encode()
    pids = [pid for pid, line in scratch.processes().items() if line.startswith("sleep ")
            and marker in pathlib.Path(f"/proc/{pid}/environ").read_bytes() + b"\0"]
    check(len(pids) == 1, f"processes of worker-2: {pids}")
    os.kill(pids[0], signal.SIGKILL)
    time.sleep(0.5)
    done = scratch.run("plan", "cluster.yaml", "--detailed-exitcode", status=2)
    check("worker-2" in done.stdout and "worker-1" not in done.stdout, done.stdout)
    scratch.run("apply", "cluster.yaml", "--yes")
    scratch.empty_plan()


def target_and_exclude(scratch):
    scratch.plain()
    scratch.run("apply", "cluster.yaml", "--yes")
    scratch.plain(setup="echo 2")
    plan = scratch.json("plan", "cluster.yaml", "--target", "worker-*")
    named = json.dumps([step["action"] for step in plan["steps"]])
    check("worker-1" in named and "head-1" not in named, named)
    plan = scratch.json("plan", "cluster.yaml", "--exclude", "worker-2", "--exclude", "head*")
    named = json.dumps([step["action"] for step in plan["steps"]])
    check("worker-1" in named and "worker-2" not in named and "head-1" not in named, named)


def exec_returns_the_remote_status(scratch):
    scratch.plain()
    scratch.run("apply", "cluster.yaml", "--yes")
    done = scratch.run("exec", "cluster.yaml", "echo out; echo err >&2; exit 42", status=42)
    check(done.stdout == "out\n" and "err" in done.stderr, f"{done.stdout}|{done.stderr}")
    home = scratch.homes()["head-1"][0]
    check(scratch.run("exec", "cluster.yaml", "pwd").stdout.strip() == str(home), "not in the head's home")


def addresses(scratch):
    scratch.plain()
    scratch.run("apply", "cluster.yaml", "--yes")
    head = scratch.run("get-head-ip", "cluster.yaml").stdout.split()
    workers = scratch.run("get-worker-ips", "cluster.yaml").stdout.split()
    check(len(head) == 1 and len(workers) == 2 and len(set(head + workers)) == 3, f"{head} {workers}")
    check(scratch.run("get_head_ip", "cluster.yaml").stdout.split() == head, "the underscore form differs")


def up_and_down_as_ray_has_them(scratch):
    scratch.plain()
    scratch.run("up", "cluster.yaml", "-y", "--no-config-cache", "--min-workers", "1", "-n", "renamed")
    check(sorted(scratch.homes()) == ["head-1", "worker-1"], f"{sorted(scratch.homes())}")
    scratch.run("down", "cluster.yaml", "-y", "--workers-only", "-n", "renamed")
    check(sorted(scratch.homes()) == ["head-1"], f"{sorted(scratch.homes())}")
    scratch.run("down", "cluster.yaml", "-y", "-n", "renamed")
    check(not scratch.homes(), f"{sorted(scratch.homes())}")


def help_for_every_verb(scratch):
    verbs = re.findall(r"^  ([a-z][a-z-]+)\s{2,}", scratch.run("--help").stdout, re.M)
    check({"plan", "apply", "up", "down", "status", "exec", "submit", "dashboard", "validate", "schema", "migrate", "state",
           "logs", "import", "completion", "version"} <= set(verbs), f"{verbs}")
    for verb in verbs:
        text = scratch.run(verb, "--help").stdout
        check("rayctl " + verb in text, f"{verb}: no example in its help:\n{text}")


def completion_scripts(scratch):
    for shell, checker in (("bash", ["bash", "-n"]), ("zsh", None), ("fish", None)):
        text = scratch.run("completion", shell).stdout
        check("rayctl" in text and "apply" in text, f"{shell}: {text[:200]}")
        if checker:
            subprocess.run(checker, input=text, text=True, check=True)
    script = scratch.run("completion", "bash").stdout + """
COMP_WORDS=(rayctl pl); COMP_CWORD=1; COMP_LINE="rayctl pl"; COMP_POINT=9
eval "$(complete -p rayctl | sed -n 's/.*-F \\([^ ]*\\).*/\\1/p')"
echo "${COMPREPLY[@]}"
"""
    path = pathlib.Path(RAYCTL).parent
    out = subprocess.run(["bash", "-c", script], text=True, capture_output=True, cwd=scratch.dir,
                         env={**scratch.env, "PATH": f"{path}:{scratch.env['PATH']}"}).stdout
    check("plan" in out, f"completing `rayctl pl`: {out}")


def schema_and_migrate(scratch):
    schema = json.loads(scratch.run("schema").stdout)
    check("draft-07" in schema["$schema"], schema.get("$schema"))
    (scratch.dir / "old.yaml").write_text("""\
cluster_name: old
min_workers: 1
initial_workers: 1
max_workers: 2
autoscaling_mode: default
target_utilization_fraction: 0.8
idle_timeout_minutes: 5
provider: {type: aws, region: us-west-2}
auth: {ssh_user: ubuntu}
head_node: {InstanceType: m5.large, ImageId: ami-0123456789abcdef0}
worker_nodes: {InstanceType: m5.large, ImageId: ami-0123456789abcdef0}
""")
    done = scratch.run("migrate", "old.yaml")
    check("available_node_types" in done.stdout and "head_node:" not in done.stdout, done.stdout)
    check("initial_workers" in done.stderr, f"what was dropped is not listed:\n{done.stderr}")
    (scratch.dir / "new.yaml").write_text(done.stdout)
    scratch.run("validate", "new.yaml")


main(exit_statuses, json_in_every_branch, equal_input_equal_bytes, every_mistake_at_once, odd_cluster_names,
     names_are_not_reused, a_renamed_type_replaces_its_nodes, a_dead_node_is_replaced, a_dead_process_is_started_again,
     target_and_exclude, exec_returns_the_remote_status, addresses, up_and_down_as_ray_has_them, help_for_every_verb,
     completion_scripts, schema_and_migrate)
