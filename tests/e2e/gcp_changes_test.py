"""Ray's own example of a cluster on GCP comes up in the GCP lab with real Ray, and every row of the table "What a change
does" (docs/architecture.md) is tried on it. The row of `docker.*` is proven where there are containers."""
import contextlib
import json
import os
import pathlib
import stat
import time

import jsonschema
import yaml
from cloud_changes import effects, expect, Table
from gcp_lab import CLIENT
from gcp_project import (
    KEY, KEYS, METADATA, NETWORK, cleaned, down, key_files, lab, left, no_calls_but, public_key, ray_example,
    reads, rules, watching,
)
from gcp_rounds import age
from harness import check, main

RESTART = ["stop-ray", "start-ray"]
TYPES = HEAD_TYPE, WORKER_TYPE = "ray-legacy-head-node-type", "ray-legacy-worker-node-type"
HEAD, ONE, TWO = f"{HEAD_TYPE}-1", f"{WORKER_TYPE}-1", f"{WORKER_TYPE}-2"
WORKERS = "\nworker_nodes:\n"  # where their part of the file begins


def file_of_table():
    return ray_example(workers=2).replace("rayctl: {", "rayctl: {autoscaler: none, ")


def everyone(*verbs):
    return {node: list(verbs) for node in (HEAD, ONE, TWO)}


def type_of(instance):
    return instance["machineType"].rpartition("/")[2]


def what_was_made(table):
    """The least that does: nobody but members and the file's network gets in, the key is its owner's, and without an
    autoscaler no head has any rights. The example's form of `preemptible` is understood."""
    check(rules("default") == {"internal": (rules("default")["internal"][0], {"members"}),
                               "ssh": ({("tcp", "22")}, {NETWORK})}, f"{rules('default')}")
    check([key.name for key in key_files() if key.suffix != ".pub"] == [KEY], f"{key_files()}")
    check(stat.S_IMODE((KEYS / KEY).stat().st_mode) == 0o600, f"{KEY} has a mode that lets others in")
    check(not {"service_accounts", "bindings"} & set(left()), f"{left()}")
    there = {one["name"]: one for one in lab.instances()}
    check([one for one in there.values() if one.get("serviceAccounts")] == [], "a machine has rights")
    check(all(public_key(one).startswith("ubuntu:") for one in there.values()), "the key is not the machines' own")
    spot = {name for name, one in there.items() if one.get("scheduling", {}).get("preemptible")}
    ids = table.ids()
    check(spot == {ids[ONE], ids[TWO]}, f"{spot} are preemptible")
    check(ids[HEAD].startswith("ray-default-head-") and all(name.endswith("-compute") for name in there), f"{ids}")
    shown = {one["labels"]["rayctl-node"]: one["labels"]["ray-user-node-type"] for one in there.values()}
    check(shown == {HEAD: HEAD_TYPE, ONE: WORKER_TYPE, TWO: WORKER_TYPE}, f"{shown}")


def nothing_changed(table):
    no_calls_but(table.scratch, 3)
    lab.reset_calls()
    before = table.raylets()
    table.apply()
    calls = lab.calls(CLIENT)
    check(all(map(reads, calls)), f"an apply of nothing: {calls}")
    check(table.raylets() == before, "somebody was disturbed")


def new_mount(table):
    """With --no-restart Ray stays as it is, and the next plan has what was left out."""
    before = table.raylets()
    (table.scratch.dir / "app/sub").mkdir()
    (table.scratch.dir / "app/sub/more.txt").write_text("more\n")
    table.edit(("\nfile_mounts: {\n", '\nfile_mounts: {"~/app": ./app,\n'))
    expect(table.plan(), everyone("sync-files", *RESTART), "file_mounts ~/app")
    table.apply("--no-restart")
    check(set(table.on_all("cat app/sub/more.txt").values()) == {"more"}, "the files did not arrive")
    check(table.raylets() == before, "Ray restarted")


def byte_code(table):
    """ray#3859."""
    before = effects(table.plan())
    (table.scratch.dir / "app/data.cpython-311.pyc").write_bytes(b"x")
    (table.scratch.dir / "app/__pycache__").mkdir()
    (table.scratch.dir / "app/__pycache__/more.pyc").write_bytes(b"x")
    check(effects(table.plan()) == before == everyone(*RESTART), f"{before} {effects(table.plan())}")


def contents_of_a_mount(table):
    """One file goes, and no other."""
    untouched = table.on_all("stat -c '%i %z' app/sub/more.txt")
    (table.scratch.dir / "app/data.txt").write_text("two\n")
    plan = table.plan("--no-restart")
    expect(plan, everyone("sync-files"), "file_mounts ~/app")
    sent = [step["sends"] for step in plan["steps"] if step["action"]["verb"] == "sync-files"]
    check(sent == [[{"mount": "~/app", "delta": {"added": 0, "changed": 1, "removed": 0, "bytes": 4}}]] * 3, f"{sent}")
    table.apply("--no-restart")
    check(set(table.on_all("cat app/data.txt").values()) == {"two"}, "the file did not arrive")
    check(table.on_all("stat -c '%i %z' app/sub/more.txt") == untouched, "another file was sent too")


def setup_commands(table):
    """First without a restart; then with the one that all of these rows are waiting for."""
    before = table.raylets()
    place = "    - 'true'\n\n\n# Custom commands that will be run on the head node"
    table.edit((place, "    - echo one >> ~/setup.log\n" + place))
    table.apply("--no-restart")
    check(set(table.on_all("cat setup.log").values()) == {"one"}, f"{table.on_all('cat setup.log')}")
    check(table.raylets() == before, "Ray restarted")
    expect(table.plan(), everyone(*RESTART), "file_mounts ~/app", "setup_commands")
    table.edit(("echo one >> ~/setup.log", "echo two >> ~/setup.log"))
    expect(table.plan(), everyone("set-up-node", *RESTART), "file_mounts ~/app", "setup_commands")
    table.apply()
    check(set(table.on_all("cat setup.log").values()) == {"one\ntwo"}, f"{table.on_all('cat setup.log')}")
    after = table.raylets()
    check(all(before[node][0] == after[node][0] and before[node][1] != after[node][1] for node in before),
          f"Ray did not restart on the same machines: {before}, {after}")
    table.settled()


def start_of_workers(table):
    before = table.raylets()
    start = "      --address=$RAY_HEAD_IP:6379\n"
    table.edit((start, start + "      --metrics-export-port=9191\n"))
    expect(table.plan(), {node: RESTART for node in (ONE, TWO)}, "worker_start_ray_commands")
    table.apply()
    after = table.raylets()
    check(after[HEAD] == before[HEAD], "the head was disturbed")
    check(all(after[node][0] == before[node][0] and after[node] != before[node] for node in (ONE, TWO)), f"{after}")
    shown = table.on_all("tr '\\0' ' ' < /proc/$(pgrep -x raylet)/cmdline")
    check(["9191" in shown[node] for node in (HEAD, ONE, TWO)] == [False, True, True], f"{shown}")


def synced_files(table):
    """From the head to the workers, and nobody is disturbed: the list, and then contents with it."""
    before = table.raylets()
    head = table.ids()[HEAD]
    lab.run_on(head, "mkdir shared; echo 1 > shared/one")
    table.edit(("\ncluster_synced_files: []\n", '\ncluster_synced_files: ["~/shared"]\n'))
    expect(table.plan(), {node: ["sync-from-head"] for node in (ONE, TWO)}, "cluster_synced_files")
    table.apply()
    check(set(table.on_all("cat shared/one").values()) == {"1"}, "they did not arrive")
    lab.run_on(head, "echo 2 > shared/one; mkdir other; echo 3 > other/three")
    table.edit(('["~/shared"]', '["~/shared", "~/other"]'))
    table.apply()
    check(set(table.on_all("cat shared/one other/three").values()) == {"2\n3"}, "they did not arrive")
    check(table.raylets() == before, "somebody was disturbed")


def limits(table):
    before = table.raylets()
    table.edit(("idle_timeout_minutes: 5\n", "idle_timeout_minutes: 30\n"))
    expect(table.plan(), {"cluster": ["configure-autoscaler"]}, "idle_timeout_minutes")
    table.apply()
    check(table.raylets() == before, "somebody was disturbed")


def one_less_and_one_more(table):
    """With cache_stopped_nodes the one that goes is kept stopped, and is the one that comes."""
    before, zone = table.raylets(), "    availability_zone: us-west1-a\n"
    table.edit((zone, zone + "    cache_stopped_nodes: True\n"), ("\nmin_workers: 2\n", "\nmin_workers: 1\n"),
               ("\nmax_workers: 2\n", "\nmax_workers: 1\n"))
    done = effects(table.plan())
    (gone,) = set(done) - {"cluster"}
    check(done == {"cluster": ["configure-autoscaler"], gone: ["drain-node", "terminate-node"]}, f"{done}")
    table.apply()
    there = {one["name"]: one["status"] for one in lab.instances()}
    check(there.pop(before[gone][0]) == "TERMINATED" and set(there.values()) == {"RUNNING"}, f"{there}")
    table.scratch.empty_plan()
    table.edit(("\nmin_workers: 1\n", "\nmin_workers: 2\n"), ("\nmax_workers: 1\n", "\nmax_workers: 2\n"))
    done = effects(table.plan())
    (new,) = set(done) - {"cluster"}
    check(done["cluster"] == ["configure-autoscaler"] and done[new][0] == "create-nodes", f"{done}")
    table.apply()
    table.settled()
    after = table.raylets()
    check({node: after[node] for node in before if node != gone} ==
          {node: it for node, it in before.items() if node != gone}, "others were disturbed")
    check(after[new][0] == before[gone][0] and after[new][1] != before[gone][1], f"another machine came: {before} {after}")
    table.edit(("    cache_stopped_nodes: True\n", ""))


def workers_that_are_gone(table):
    """One ended behind our back, one that GCP has taken and that stays there stopped: others come, it goes."""
    before, raylets = table.ids(), table.raylets()
    age(table.scratch.dir / "state", "default")
    ended, taken = sorted(set(before) - {HEAD})
    lab.compute.instances().delete(project="ray-lab-1", zone="us-west1-a", instance=before[ended]).execute()
    lab.preempt(before[taken], seconds=0.1)
    lab.until(lambda: {one["name"]: one["status"] for one in lab.instances()} ==
              {before[HEAD]: "RUNNING", before[taken]: "TERMINATED"}, what="their ends")
    plan = table.plan()
    check(plan["summary"]["launch"] == 2 and HEAD not in effects(plan), f"{effects(plan)}")
    check(effects(plan)[ended][:1] == ["forget-node"], f"{effects(plan)}")
    check("terminate-node" in effects(plan)[taken], f"{effects(plan)}")
    table.apply()
    table.settled()
    after = table.ids()
    check(len(set(after.values()) & set(before.values())) == 1, f"{before} {after}")
    check(table.raylets()[HEAD] == raylets[HEAD], "the head was disturbed")


def type_of_workers(table):
    """node_config of the workers: one is away at a time, and the head does not notice."""
    before = table.raylets()
    head, workers = table.text.split(WORKERS)
    table.text = head + WORKERS + workers.replace("n1-standard-2", "n1-standard-4")
    table.edit()
    plan = table.plan()
    done = effects(plan)
    old = set(before) - {HEAD}
    check(HEAD not in done, f"{done}")
    check(all(done[node][:2] == ["drain-node", "terminate-node"] for node in old), f"{done}")
    caused = {field for step in plan["steps"] for field in step["fields"]}
    check(caused == {"node_config.machineType"}, f"{caused}")
    steps = plan["steps"]

    def follows(step, earlier):
        return any(each == earlier or follows(steps[each], earlier) for each in step["after"])

    drains = [step for step in steps if step["action"]["verb"] == "drain-node"]
    starts = [step["id"] for step in steps if step["action"]["verb"] == "start-ray"]
    check(any(follows(drains[1], start) for start in starts), "the second worker does not wait for the first")
    most_away = []
    on = ("PROVISIONING", "STAGING", "RUNNING")
    with watching(lambda: most_away.append(3 - len(lab.instances(*on))), every=0.3):
        table.apply()
    check(max(most_away) <= 1, f"{max(most_away)} workers were away at a time")
    table.settled()
    check(table.raylets()[HEAD] == before[HEAD], "the head was disturbed")
    types = sorted(type_of(one) for one in lab.instances())
    check(types == ["n1-standard-2", "n1-standard-4", "n1-standard-4"], f"{types}")


def head(table):
    before, ids = table.raylets(), table.ids()
    part, workers = table.text.split(WORKERS)
    table.text = part.replace("n1-standard-2", "n1-standard-4") + WORKERS + workers
    table.edit()
    plan = table.plan()
    check(len(plan["blocked"]) == 1 and HEAD not in effects(plan), f"{plan['blocked']}")
    refused = table.run("apply", "cluster.yaml", "--yes", status=9)
    check("--replace-head" in refused.stdout + refused.stderr, refused.stderr)
    check(table.raylets() == before, "it was done all the same")
    token = tokens(table)
    plan = table.plan("--replace-head")
    check("terminate-node" in effects(plan)[HEAD], f"{effects(plan)}")
    names = set(ids) - {HEAD}
    check(all(effects(plan)[node] == RESTART for node in names), f"{effects(plan)}")
    table.apply("--replace-head")
    table.settled()
    after = table.ids()
    heads = [name for name in after if name not in names]
    check(len(heads) == 1 and after[heads[0]] != ids[HEAD], f"the same head: {after}")
    check({name: after[name] for name in names} == {name: ids[name] for name in names}, "the workers were replaced")
    check(tokens(table) == token, "another token")


def tokens(table):
    """The token that Ray works with on each machine: one for all."""
    found = set(table.on_all("cat \"$(tr '\\0' '\\n' < /proc/$(pgrep -x raylet)/environ | "
                             "sed -n s/^RAY_AUTH_TOKEN_PATH=//p)\"").values())
    check(len(found) == 1 and "" not in found, "they have no common token")
    return found


def secrets():
    """What nobody may see, by name."""
    account = json.loads(pathlib.Path(os.environ["GOOGLE_APPLICATION_CREDENTIALS"]).read_text())
    return {"private key": (KEYS / KEY).read_text().splitlines()[2].encode(),
            "service account's key": account["private_key"].splitlines()[2].encode()}


def no_secret_is_said(table):
    """Neither in what is recorded nor in what was written to the terminal (tf#516)."""
    hidden = secrets()
    token = next(iter(tokens(table))).encode()
    hidden["Ray's token"] = token
    files = [path for path in (table.scratch.dir / "state").rglob("*") if path.is_file()]
    check({"state.db", "events.jsonl"} <= {path.name for path in files}, f"{files}")
    for name, secret in hidden.items():
        check(len(secret) >= 12, f"the {name} is too short to be looked for")
        told = [path.name for path in files if secret in path.read_bytes() and path.name != "ray_token"]
        check(told == [], f"the {name} is in {told}")
        check(not any(secret.decode() in text for text in table.said), f"the {name} was printed")
    check(any(token in path.read_bytes() for path in files), "the search finds nothing at all")
    check(not any("ya29." in text or "Bearer " in text for text in table.said), "an access token was printed")


def in_command_lines(found):
    hidden = {}
    with contextlib.suppress(OSError, ValueError):
        hidden = secrets()
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                line = (entry / "cmdline").read_bytes()
                found |= {(name, line[:80]) for name, secret in hidden.items() if secret in line}


@cleaned
def what_a_change_does(scratch):
    table, seen, begun = Table(lab, scratch, file_of_table()), set(), time.monotonic()
    schema = pathlib.Path(os.environ["RAYCTL_RAY_WHEELS"]) / "0.8.7/ray/autoscaler/ray-schema.json"
    jsonschema.validate(yaml.safe_load(table.text), json.loads(schema.read_text()))
    lab.fault("compute.instances.setLabels", reason="conditionNotMet", count=2)  # somebody else labels them, too
    with watching(lambda: in_command_lines(seen)):
        table.apply()
    check(lab.faults() == [], "nobody met an old fingerprint")
    check(not seen, f"in a command line: {seen}")
    table.settled()
    print(f"     launch: {time.monotonic() - begun:.1f} s", flush=True)
    half = (new_mount, byte_code, contents_of_a_mount)
    for row in (what_was_made, nothing_changed, *half, setup_commands, start_of_workers, synced_files, limits,
                one_less_and_one_more, workers_that_are_gone, type_of_workers, head, no_secret_is_said):
        begun = time.monotonic()
        row(table)
        if row not in half:
            scratch.empty_plan()
        print(f"     {row.__name__}: {time.monotonic() - begun:.1f} s", flush=True)
    check(lab.project()["metadata"] == METADATA, f"{lab.project()['metadata']}")
    down(scratch)


main(what_a_change_does)
