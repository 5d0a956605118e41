"""Every row of the table "What a change does" (docs/architecture.md) on one live Ray cluster in the AWS lab. The row of
`docker.*` is proven where there are containers, in the tests of Docker."""
import contextlib
import os
import pathlib
import shutil
import stat
import threading
import time

from aws_account import HEAD, KEYS, NETWORK, ONE, TWO, cleaned, cluster_file, down, lab, no_calls_but, rules
from aws_lab import CLUSTERS
from cloud_changes import effects, expect, Table
from harness import check, main

RESTART = ["stop-ray", "start-ray"]


def file_of_table():
    return cluster_file("mounts.yaml").replace("rayctl: {", "rayctl: {autoscaler: none, ").replace(
        "cluster_synced_files: []", 'cluster_synced_files: ["~/shared"]').replace(
        'head_setup_commands: ["which ray"]', 'head_setup_commands: ["mkdir -p ~/shared; echo 1 > ~/shared/one"]')


def everyone(*verbs):
    return {node: list(verbs) for node in (HEAD, ONE, TWO)}


def nothing_changed(table):
    no_calls_but(table.scratch, 2)
    lab.reset_calls()
    before = table.raylets()
    table.apply()
    calls = lab.calls("labclient")
    check(all(action.startswith("Describe") for action in calls), f"an apply of nothing: {calls}")
    check(table.raylets() == before, "somebody was disturbed")


def byte_code(table):
    """ray#3859."""
    (table.scratch.dir / "app/data.cpython-311.pyc").write_bytes(b"x")
    (table.scratch.dir / "app/__pycache__").mkdir()
    (table.scratch.dir / "app/__pycache__/more.pyc").write_bytes(b"x")
    expect(table.plan(), {})


def contents_of_a_mount(table):
    """One file goes. With --no-restart Ray stays as it is, and the next plan has what was left out."""
    before = table.raylets()
    untouched = table.on_all("stat -c '%i %z' app/sub/more.txt")
    (table.scratch.dir / "app/data.txt").write_text("two\n")
    plan = table.plan()
    expect(plan, everyone("sync-files", *RESTART), "file_mounts ~/app")
    sent = [step["sends"] for step in plan["steps"] if step["action"]["verb"] == "sync-files"]
    check(sent == [[{"mount": "~/app", "delta": {"added": 0, "changed": 1, "removed": 0, "bytes": 4}}]] * 3, f"{sent}")
    plan = table.plan("--no-restart")
    expect(plan, everyone("sync-files"), "file_mounts ~/app")
    left = sorted((out["node"], out["what"]) for out in plan["left_out"])
    check(left == [(node, "restart Ray") for node in (HEAD, ONE, TWO)], f"{left}")
    table.apply("--no-restart")
    check(set(table.on_all("cat app/data.txt").values()) == {"two"}, "the file did not arrive")
    check(table.on_all("stat -c '%i %z' app/sub/more.txt") == untouched, "another file was sent too")
    check(table.raylets() == before, "Ray restarted")
    expect(table.plan(), everyone(*RESTART), "file_mounts ~/app")


def setup_commands(table):
    """With what the row before has left out: one restart for both."""
    before = table.raylets()
    table.edit(('"echo set up >> ~/setup.log"', '"echo again >> ~/setup.log"'))
    expect(table.plan(), everyone("set-up-node", *RESTART), "setup_commands", "file_mounts ~/app")
    table.apply()
    check(set(table.on_all("cat setup.log").values()) == {"set up\nagain"}, f"{table.on_all('cat setup.log')}")
    after = table.raylets()
    check(all(before[node][0] == after[node][0] and before[node][1] != after[node][1] for node in before),
          f"Ray did not restart on the same machines: {before}, {after}")
    table.settled()


def start_of_workers(table):
    before = table.raylets()
    start = "ray start --address=$RAY_HEAD_IP:6379 --object-manager-port=8076"
    worker = "        max_workers: 2\n        resources: {}\n"
    table.edit((start, start + " --metrics-export-port=9191"),
               (worker, '        max_workers: 2\n        resources: {"lab": 5}\n        labels: {"place": "lab"}\n'))
    expect(table.plan(), {node: RESTART for node in (ONE, TWO)}, "worker_start_ray_commands", "resources", "labels")
    table.apply()
    after = table.raylets()
    check(after[HEAD] == before[HEAD], "the head was disturbed")
    check(all(after[node][0] == before[node][0] and after[node] != before[node] for node in (ONE, TWO)), f"{after}")
    nodes = table.scratch.json("status", "cluster.yaml")["nodes"]
    check([node["resources_total"].get("lab") for node in nodes] == [None, 5.0, 5.0], f"{nodes}")
    shown = table.on_all("tr '\\0' ' ' < /proc/$(pgrep -x raylet)/cmdline")
    check(["--metrics-export-port=9191" in shown[node] or "metrics_export_port=9191" in shown[node]
           for node in (HEAD, ONE, TWO)] == [False, True, True], f"{shown}")


def synced_files(table):
    """From the head to the workers, and nobody is disturbed: contents, then the list."""
    before = table.raylets()
    check(set(table.on_all("cat shared/one").values()) == {"1"}, "they did not come at the launch")
    ids = table.ids()
    lab.run_on(ids[HEAD], "echo 2 > shared/one; mkdir other; echo 3 > other/three")
    table.edit(('["~/shared"]', '["~/shared", "~/other"]'))
    expect(table.plan(), {node: ["sync-from-head"] for node in (ONE, TWO)}, "cluster_synced_files")
    table.apply()
    check(set(table.on_all("cat shared/one other/three").values()) == {"2\n3"}, "they did not arrive")
    check(table.raylets() == before, "somebody was disturbed")


def limits(table):
    before = table.raylets()
    table.edit(("idle_timeout_minutes: 60", "idle_timeout_minutes: 30"),
               ("upscaling_speed: 1.0", "upscaling_speed: 2.0"))
    expect(table.plan(), {"cluster": ["configure-autoscaler"]}, "idle_timeout_minutes", "upscaling_speed")
    table.apply()
    table.settled()
    check(table.raylets() == before, "somebody was disturbed")


def one_more_and_one_less(table):
    before = table.raylets()
    few, many = ("        min_workers: 2\n        max_workers: 2\n", "        min_workers: 3\n        max_workers: 3\n")
    table.edit(("\nmax_workers: 2\n", "\nmax_workers: 3\n"), (few, many))
    plan = table.plan()
    done = effects(plan)
    (new,) = set(done) - {"cluster"}
    check(done["cluster"] == ["configure-autoscaler"] and done[new][0] == "create-nodes", f"{done}")
    table.apply()
    table.settled(4)
    after = table.raylets()
    check({node: after[node] for node in before} == before, "others were disturbed")
    table.edit(("\nmax_workers: 3\n", "\nmax_workers: 2\n"), (many, few))
    done = effects(table.plan())
    (gone,) = set(done) - {"cluster"}
    check(done[gone] == ["drain-node", "terminate-node"], f"{done}")
    table.apply()
    table.settled()
    check(table.raylets() == {node: it for node, it in after.items() if node != gone}, "others were disturbed")


def worker_behind_our_back(table):
    """The youngest one, too, whose absence from a list would mean nothing yet."""
    before = table.ids()
    name = sorted(before)[-1]
    lab.ec2.terminate_instances(InstanceIds=[before[name]])
    lab.until(lambda: len(lab.instances()) == 2, what="its end")
    plan = table.plan()
    check(effects(plan).get(name, [])[:1] == ["forget-node"], f"{effects(plan)}")
    check(plan["summary"]["launch"] == 1 and not set(effects(plan)) & (set(before) - {name}), f"{effects(plan)}")
    table.apply()
    table.settled()
    after = table.ids()
    made = set(after.values()) - set(before.values())
    check(len(made) == 1 and set(before.values()) - set(after.values()) == {before[name]}, f"{before} {after}")


def type_of_workers(table):
    """node_config of the workers: one is away at a time, and the head does not notice."""
    before = table.raylets()
    place = table.text.index("    ray.worker.default:")
    table.text = table.text[:place] + table.text[place:].replace("m5.large", "m5.xlarge")
    table.edit()
    plan = table.plan()
    done = effects(plan)
    old = set(before) - {HEAD}
    check(HEAD not in done, f"{done}")
    check(all(done[node][:2] == ["drain-node", "terminate-node"] for node in old), f"{done}")
    caused = {field for step in plan["steps"] for field in step["fields"]}
    check(caused == {"node_config.InstanceType"}, f"{caused}")
    steps = plan["steps"]

    def follows(step, earlier):
        return any(each == earlier or follows(steps[each], earlier) for each in step["after"])

    drains = [step for step in steps if step["action"]["verb"] == "drain-node"]
    starts = [step["id"] for step in steps if step["action"]["verb"] == "start-ray"]
    check(any(follows(drains[1], start) for start in starts), "the second worker does not wait for the first")
    most_away = []
    with watching(lambda: most_away.append(2 - len([one for one in lab.instances("pending", "running")
                                                    if one["InstanceId"] != before[HEAD][0]]))):
        table.apply()
    check(max(most_away) <= 1, f"{max(most_away)} workers were away at a time")
    table.settled()
    after = table.raylets()
    check(after[HEAD] == before[HEAD], "the head was disturbed")
    types = {one["InstanceId"]: one["InstanceType"] for one in lab.instances()}
    check(sorted(types.values()) == ["m5.large", "m5.xlarge", "m5.xlarge"], f"{types}")


@contextlib.contextmanager
def watching(look, every=0.1):
    stop = threading.Event()

    def watch():
        while not stop.wait(every):
            look()
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join()


def head(table):
    before, ids = table.raylets(), table.ids()
    place = table.text.index("    ray.worker.default:")
    table.text = table.text[:place].replace("m5.large", "m5.xlarge") + table.text[place:]
    table.edit()
    plan = table.plan()
    check(len(plan["blocked"]) == 1 and HEAD not in effects(plan), f"{plan['blocked']}")
    refused = table.run("apply", "cluster.yaml", "--yes", status=9)
    check("--replace-head" in refused.stdout + refused.stderr, refused.stderr)
    check(table.raylets() == before, "it was done all the same")
    token = tokens(table)
    plan = table.plan("--replace-head")
    check(any("terminate-node" in verbs for node, verbs in effects(plan).items() if node == HEAD), f"{effects(plan)}")
    workers = set(ids) - {HEAD}
    check(all(effects(plan)[node] == RESTART for node in workers), f"{effects(plan)}")
    table.apply("--replace-head")
    table.settled()
    after = table.ids()
    heads = [name for name in after if name not in workers]
    check(len(heads) == 1 and after[heads[0]] != ids[HEAD], f"the same head: {after}")
    check({name: after[name] for name in workers} == {name: ids[name] for name in workers}, "the workers were replaced")
    check(tokens(table) == token, "another token")


def tokens(table):
    """The token that Ray works with on each machine: one for all."""
    found = set(table.on_all("cat \"$(tr '\\0' '\\n' < /proc/$(pgrep -x raylet)/environ | "
                             "sed -n s/^RAY_AUTH_TOKEN_PATH=//p)\"").values())
    check(len(found) == 1 and "" not in found, "they have no common token")
    return found


def what_was_made(table):
    """The least that does: nobody but members and the file's network gets in, the key is its owner's, and without
    an autoscaler no machine has any rights."""
    check(rules("ray-autoscaler-mounts") == {("-1", None, None, "members"), ("tcp", 22, 22, NETWORK)},
          f"{rules('ray-autoscaler-mounts')}")
    (key,) = KEYS.iterdir()
    check(stat.S_IMODE(key.stat().st_mode) == 0o600, f"{key.name} has mode {key.stat().st_mode:o}")
    check("roles" not in lab.left(), f"{lab.left()}")
    check([one for one in lab.instances() if "IamInstanceProfile" in one] == [], "a machine has a role")


def secrets():
    """What nobody may see, by name."""
    (key,) = KEYS.iterdir()
    return {"private key": key.read_text().splitlines()[2].encode(),
            "AWS secret": os.environ["AWS_SECRET_ACCESS_KEY"].encode()}


def no_secret_is_said(table):
    """Neither in what is recorded nor in what was written to the terminal (tf#516)."""
    hidden = secrets()
    token = next(iter(tokens(table))).encode()
    hidden["Ray's token"] = token
    folder = table.scratch.dir / "state"
    files = [path for path in folder.rglob("*") if path.is_file()]
    check({"state.db", "events.jsonl"} <= {path.name for path in files}, f"{files}")
    for name, secret in hidden.items():
        check(len(secret) >= 12, f"the {name} is too short to be looked for")
        told = [path.name for path in files if secret in path.read_bytes() and path.name != "ray_token"]
        check(told == [], f"the {name} is in {told}")
        check(not any(secret.decode() in text for text in table.said), f"the {name} was printed")
    check(any(token in path.read_bytes() for path in files), "the search finds nothing at all")


def argv_with(hidden, found):
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                line = (entry / "cmdline").read_bytes()
                found |= {(name, line[:80]) for name, secret in hidden().items() if secret in line}


def hidden_from_argv():
    with contextlib.suppress(OSError, ValueError):
        return secrets()
    return {}


@cleaned
def what_a_change_does(scratch):
    shutil.copytree(CLUSTERS / "app", scratch.dir / "app", dirs_exist_ok=True)
    table, seen, begun = Table(lab, scratch, file_of_table()), set(), time.monotonic()
    with watching(lambda: argv_with(hidden_from_argv, seen)):
        table.apply()
    check(not seen, f"in a command line: {seen}")
    table.settled()
    print(f"     launch: {time.monotonic() - begun:.1f} s", flush=True)
    for row in (what_was_made, nothing_changed, byte_code, contents_of_a_mount, setup_commands, start_of_workers,
                synced_files, limits, one_more_and_one_less, worker_behind_our_back, type_of_workers, head,
                no_secret_is_said):
        begun = time.monotonic()
        row(table)
        if row is not contents_of_a_mount:
            scratch.empty_plan()
        print(f"     {row.__name__}: {time.monotonic() - begun:.1f} s", flush=True)
    down(scratch)


main(what_a_change_does)
