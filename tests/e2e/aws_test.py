"""rayctl on AWS, in the AWS lab: Ray's own example comes up and goes; every row of the table "What a change does"
(docs/architecture.md) on one live cluster; who may reach it, what is secret, orphans, and names of images. The table's
row of `docker.*` is proven where there are containers, in the tests of Docker."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import threading
import time

import jsonschema
import yaml
from aws_lab import CLUSTERS, IMAGE, AwsLab, enter, lab_example_full
from harness import check, main
from ray.autoscaler._private.util import validate_config

enter(__file__)
lab = AwsLab()
WHEELS = pathlib.Path(os.environ["RAYCTL_RAY_WHEELS"])
KEYS = pathlib.Path.home() / ".ssh"
LAUNCHED = "create-nodes:act:after"  # killed here, an apply leaves machines, without Ray
NETWORK = "172.31.0.0/16"  # the lab's
HEAD, ONE, TWO = "ray.head.default-1", "ray.worker.default-1", "ray.worker.default-2"
RESTART = ["stop-ray", "start-ray"]


def cleaned(test):
    """Each test begins with an account that nobody has used, and ends with one of which the program misused nothing."""
    def run(scratch):
        lab.reset()
        lab.reset_validator()
        for key in KEYS.iterdir() if KEYS.exists() else ():
            key.unlink()
        test(scratch)
        check(lab.validator()["bad"] == [], f"AWS would not understand: {lab.validator()['bad']}")
    run.__name__ = test.__name__
    return run


def write(scratch, text, file="cluster.yaml"):
    (scratch.dir / file).write_text(text)


def ours(text, line=f"ssh_cidr: [{NETWORK}]"):
    """The file with a `provider.rayctl`, which Ray lets pass."""
    text, found = re.subn(r"(?m)^(    region: us-west-2)$", rf"\1\n    rayctl: {{{line}}}", text)
    check(found == 1, f"a region is there {found} times")
    return text


def cluster_file(name):
    text = ours((CLUSTERS / name).read_text())
    validate_config(yaml.safe_load(text))
    return text


def killed(scratch, file="cluster.yaml", at=LAUNCHED):
    scratch.run("apply", file, "--yes", status=-signal.SIGKILL, RAYCTL_CRASH_AT=at)


def no_calls_but(scratch, most):
    """The plan is empty, and so many calls are enough to know it."""
    lab.reset_calls()
    scratch.empty_plan()
    calls = lab.calls("labclient")
    check(all(action.startswith("Describe") for action in calls), f"an empty plan changes something: {calls}")
    check(sum(calls.values()) <= most, f"an empty plan asks {calls}")


def down(scratch, file="cluster.yaml"):
    done = scratch.run("down", file, "-y")
    check("Nothing is left" in done.stdout, done.stdout)
    check(lab.left() == {}, f"left in the account: {lab.left()}")
    check(list(KEYS.iterdir()) == [], f"left in ~/.ssh: {list(KEYS.iterdir())}")


@cleaned
def example_of_ray_0_8_7(scratch):
    """The form with head_node and worker_nodes. Its machines are reached by their public addresses."""
    text = ours(lab_example_full((WHEELS / "0.8.7/ray/autoscaler/aws/example-full.yaml").read_text()))
    jsonschema.validate(yaml.safe_load(text), json.loads((WHEELS / "0.8.7/ray/autoscaler/ray-schema.json").read_text()))
    write(scratch, text)
    scratch.run("apply", "cluster.yaml", "--yes")
    no_calls_but(scratch, 2)
    nodes = scratch.json("status", "cluster.yaml")["nodes"]
    check([node["ray"] for node in nodes] == ["alive"] * 3, f"{nodes}")
    told = scratch.run("exec", "cluster.yaml", "ray status").stdout
    check(re.search(r"\b2 ray-legacy-worker-node-type\n", told) and re.search(r"\b1 ray-legacy-head-node-type\n", told),
          f"Ray sees others:\n{told}")
    down(scratch)


class Table:
    """One live cluster and its file, which each row changes."""

    def __init__(self, scratch):
        self.scratch = scratch
        self.text = cluster_file("mounts.yaml").replace(
            "cluster_synced_files: []", 'cluster_synced_files: ["~/shared"]').replace(
            'head_setup_commands: ["which ray"]', 'head_setup_commands: ["mkdir -p ~/shared; echo 1 > ~/shared/one"]')
        self.said = []
        write(scratch, self.text)

    def run(self, *words, status=0):
        done = self.scratch.run(*words, status=status, RAYCTL_LOG="trace")
        self.said += [done.stdout, done.stderr]
        return done

    def edit(self, *changes):
        for old, new in changes:
            check(self.text.count(old) == 1, f"{self.text.count(old)} times: {old}")
            self.text = self.text.replace(old, new)
        write(self.scratch, self.text)

    def plan(self, *flags):
        return json.loads(self.run("plan", "cluster.yaml", "--json", *flags).stdout)

    def apply(self, *flags):
        self.run("apply", "cluster.yaml", "--yes", *flags)

    def settled(self, size=3):
        """Nothing is left to do, and Ray sees as many nodes as there are machines."""
        lab.until(lambda: len(lab.instances()) == size, what=f"no more and no less than {size} machines")
        self.scratch.empty_plan()
        nodes = self.scratch.json("status", "cluster.yaml")["nodes"]
        check([node["ray"] for node in nodes] == ["alive"] * size, f"{nodes}")

    def ids(self):
        return {name: node["id"] for name, node in self.scratch.json("state", "show", "cluster.yaml")["nodes"].items()}

    def on_all(self, line):
        return {name: lab.run_on(id, line).strip() for name, id in self.ids().items()}

    def raylets(self):
        """By node, which machine and which process of it is Ray: what a restart changes."""
        return {name: (id, lab.run_on(id, "pgrep -x raylet").strip()) for name, id in self.ids().items()}


def effects(plan):
    """{node or "cluster": what is done to it, in order}"""
    done = {}
    for step in plan["steps"]:
        for node in step["action"].get("nodes") or [step["action"].get("node", "cluster")]:
            done.setdefault(node, []).append(step["action"]["verb"])
    return done


def expect(plan, wanted, *fields):
    """Exactly these effects, and in their steps no field but these."""
    check(effects(plan) == wanted, f"planned: {effects(plan)}, expected: {wanted}")
    caused = {field for step in plan["steps"] for field in step["fields"]}
    check(caused == set(fields), f"because of {caused}, expected {set(fields)}")


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


def rules(name):
    """{(protocol, first port, who)} of that group."""
    (group,) = lab.ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [name]}])["SecurityGroups"]
    found = set()
    for each in group["IpPermissions"]:
        peers = [one["CidrIp"] for one in each["IpRanges"]] + [one["CidrIpv6"] for one in each["Ipv6Ranges"]] + [
            "members" if one["GroupId"] == group["GroupId"] else one["GroupId"] for one in each["UserIdGroupPairs"]]
        found |= {(each["IpProtocol"], each.get("FromPort"), each.get("ToPort"), peer) for peer in peers}
    return found


def what_was_made(table):
    """The least that does: nobody but members and the file's network gets in, the key is its owner's, the head's role
    may do what it needs and no worker has it."""
    check(rules("ray-autoscaler-mounts") == {("-1", None, None, "members"), ("tcp", 22, 22, NETWORK)},
          f"{rules('ray-autoscaler-mounts')}")
    (key,) = KEYS.iterdir()
    check(stat.S_IMODE(key.stat().st_mode) == 0o600, f"{key.name} has mode {key.stat().st_mode:o}")
    iam = lab.client("iam")
    role = "rayctl-mounts-us-west-2"
    check(iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == [], "a policy of somebody else's")
    (policy,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    statements = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]["Statement"]
    actions = [action for each in statements for action in each["Action"]]
    check(actions and not [action for action in actions if "*" in action], f"{actions}")
    check("ec2:RunInstances" in actions, f"{actions}")
    profiles = {one["InstanceId"]: one.get("IamInstanceProfile", {}).get("Arn", "") for one in lab.instances()}
    check({id for id, arn in profiles.items() if arn.endswith(f"/{role}")} == {table.ids()[HEAD]}, f"{profiles}")
    check({arn for id, arn in profiles.items() if id != table.ids()[HEAD]} == {""}, f"{profiles}")


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
    table, seen, begun = Table(scratch), set(), time.monotonic()
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


@cleaned
def who_may_reach_ssh(scratch):
    write(scratch, cluster_file("small.yaml"))
    killed(scratch)
    wanted = {("-1", None, None, "members"), ("tcp", 22, 22, NETWORK)}
    group = "ray-autoscaler-small"
    check(rules(group) == wanted, f"{rules(group)}")
    (made,) = lab.ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [group]}])["SecurityGroups"]
    lab.ec2.authorize_security_group_ingress(GroupId=made["GroupId"], IpProtocol="tcp", FromPort=22, ToPort=22,
                                             CidrIp="192.0.2.0/24")
    wanted.add(("tcp", 22, 22, "192.0.2.0/24"))
    scratch.run("access", "add", "cluster.yaml", "198.51.100.4", "--who", "ben@office")
    scratch.run("access", "add", "cluster.yaml", "198.51.100.8/29", "--who", "ana")
    ben, ana = ("tcp", 22, 22, "198.51.100.4/32"), ("tcp", 22, 22, "198.51.100.8/29")
    check(rules(group) == wanted | {ben, ana}, f"{rules(group)}")
    listed = {rule["cidr"]: rule["who"] for rule in scratch.json("access", "list", "cluster.yaml")["rules"]}
    check(listed.pop("192.0.2.0/24") in (None, ""), "a stranger's rule has a name")
    check(listed == {NETWORK: "ssh_cidr", "198.51.100.4/32": "ben@office", "198.51.100.8/29": "ana"}, f"{listed}")
    scratch.run("access", "rm", "cluster.yaml", "ben@office")
    check(rules(group) == wanted | {ana}, f"{rules(group)}")
    scratch.run("access", "rm", "cluster.yaml", "192.0.2.0/24", status=3)
    scratch.run("access", "rm", "cluster.yaml", "198.51.100.8/29")
    check(rules(group) == wanted, f"{rules(group)}")
    refused = scratch.run("access", "add", "cluster.yaml", "everybody", status=3)
    check("everybody" in refused.stderr, refused.stderr)
    down(scratch)


def policy(scratch, file, who):
    document = json.loads(scratch.run("iam-policy", file, "--for", who).stdout)
    return {action for each in document["Statement"] for action in each["Action"]}


@cleaned
def least_rights(scratch):
    """The policy names what a launch and a down call, no more than the file leads to, and nothing is asked of AWS."""
    write(scratch, cluster_file("small.yaml"))
    lab.reset_calls()
    operator, head_role = policy(scratch, "cluster.yaml", "operator"), policy(scratch, "cluster.yaml", "head")
    check(lab.calls() == {}, f"{lab.calls()}")
    killed(scratch)
    down(scratch)
    called = {action for action in lab.calls("labclient")}
    named = {action.split(":")[1] for action in operator}
    check("RunInstances" in called and called <= named, f"called and not in the policy: {called - named}")
    check(not [action for action in operator | head_role if "*" in action], f"{operator | head_role}")
    check({action for action in head_role if action.startswith("iam:")} <= {"iam:PassRole"}, f"{head_role}")
    own = cluster_file("small.yaml").replace("ssh_user: ubuntu\n", "ssh_user: ubuntu\n    ssh_private_key: ~/own.pem\n")
    own = own.replace(f"            ImageId: {IMAGE}\n", f"            ImageId: {IMAGE}\n            KeyName: own\n"
                      "            SecurityGroupIds: [sg-0123456789abcdef0]\n"
                      "            IamInstanceProfile: {Name: own}\n")
    write(scratch, own, "own.yaml")
    fewer = policy(scratch, "own.yaml", "operator")
    makes = {"ec2:ImportKeyPair", "ec2:CreateSecurityGroup", "iam:CreateRole"}
    check(fewer < operator and makes <= operator and not fewer & makes, f"{fewer}")


@cleaned
def orphans(scratch):
    """What no state here knows is listed, and removed for a yes; what one knows is neither."""
    write(scratch, cluster_file("small.yaml"))
    write(scratch, cluster_file("small.yaml").replace("cluster_name: small", "cluster_name: known"), "known.yaml")
    killed(scratch, "known.yaml")
    lab.until(lambda: len(lab.instances("running")) == 3, what="its machines")
    known = lab.left()
    killed(scratch)
    check(scratch.json("orphans", "cluster.yaml")["orphans"] == [], "what is known is an orphan")
    shutil.rmtree(scratch.dir / "state/rayctl/small")
    listed = scratch.json("orphans", "cluster.yaml")["orphans"]
    check({each["cluster"] for each in listed} == {"small"}, f"{listed}")
    kinds = sorted(each["kind"] for each in listed)
    check(kinds == ["instance"] * 3 + ["instance profile", "role", "security group"], f"{kinds}")
    made = lab.left()
    scratch.run("orphans", "cluster.yaml", "--delete", status=3)
    check(lab.left() == made, "something was removed without a yes")
    scratch.run("orphans", "cluster.yaml", "--delete", "-y")
    lab.until(lambda: lab.left() == known, what=f"what the other cluster has: {lab.left()}, {known}")
    shutil.rmtree(scratch.dir / "state/rayctl/known")
    listed = scratch.json("orphans", "cluster.yaml")["orphans"]
    kinds = sorted(each["kind"] for each in listed)
    check(kinds == ["instance"] * 3 + ["instance profile", "key pair", "role", "security group"], f"{kinds}")
    scratch.run("orphans", "cluster.yaml", "--delete", "-y")
    lab.until(lambda: lab.left() == {}, what="an empty account")
    check(list(KEYS.iterdir()) == [], "the key's file is left")


@cleaned
def two_clusters_one_key(scratch):
    """By Ray's rule the key pair of a region serves all clusters there: its maker leaves it to those that need it."""
    write(scratch, cluster_file("small.yaml"))
    write(scratch, cluster_file("small.yaml").replace("cluster_name: small", "cluster_name: other"), "other.yaml")
    killed(scratch)
    killed(scratch, "other.yaml")
    done = scratch.run("down", "cluster.yaml", "-y")
    check("machines of other clusters use it" in done.stderr, done.stderr)
    check({one["tags"]["ray-cluster-name"] for one in lab.left()["instances"]} == {"other"}, f"{lab.left()}")
    check(len(lab.left()["key_pairs"]) == 1 and len(list(KEYS.iterdir())) == 1, "the other cluster lost its key")
    scratch.run("down", "other.yaml", "-y")
    check(set(lab.left()) == {"key_pairs"}, f"{lab.left()}")
    down(scratch)


@cleaned
def lost_state(scratch):
    """Without a record of anything, all that carries the cluster's id is its own, for a plan and for `down`."""
    write(scratch, cluster_file("small.yaml"))
    killed(scratch)
    shutil.rmtree(scratch.dir / "state/rayctl/small")
    plan = scratch.json("plan", "cluster.yaml")
    check(plan["summary"]["launch"] == 0 and plan["blocked"] == [], f"{plan['summary']} {plan['blocked']}")
    check(not [note for note in plan["notes"] if "`down` leaves it" in note], f"{plan['notes']}")
    down(scratch)


@cleaned
def names_of_images(scratch):
    """What a name means stands in the plan, and stays so until somebody asks."""
    latest = lab.client("ssm").get_parameter(
        Name="/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-22.04/latest/ami-id")
    write(scratch, cluster_file("small.yaml").replace(f"ImageId: {IMAGE}", "ImageId: latest_dlami"))
    plan = scratch.json("plan", "cluster.yaml")
    check(plan["images"] == {"latest_dlami": latest["Parameter"]["Value"]}, f"{plan['images']}")
    check(latest["Parameter"]["Value"] in scratch.run("plan", "cluster.yaml").stdout, "the plan does not show it")

    write(scratch, cluster_file("small.yaml").replace(f"ImageId: {IMAGE}", "ImageId: ssm:/lab/image"))
    ssm = lab.client("ssm")
    ssm.put_parameter(Name="/lab/image", Value="ami-lab1", Type="String")
    killed(scratch, at="set-up-node:begin:before")
    ssm.put_parameter(Name="/lab/image", Value="ami-lab2", Type="String", Overwrite=True)
    check({one["ImageId"] for one in lab.instances()} == {"ami-lab1"}, "other images")
    plan = scratch.json("plan", "cluster.yaml")
    check(plan["images"] == {"ssm:/lab/image": "ami-lab1"}, f"{plan['images']}")
    check({"terminate-node", "create-nodes"}.isdisjoint(verbs(plan)), f"{verbs(plan)}")
    plan = scratch.json("plan", "cluster.yaml", "--upgrade-images")
    check(plan["images"] == {"ssm:/lab/image": "ami-lab2"}, f"{plan['images']}")
    check({"terminate-node", "create-nodes"} <= verbs(plan), f"{verbs(plan)}")
    down(scratch)


@cleaned
def another_key(scratch):
    """Machines with another key are other machines; for the head, --yes is no answer."""
    text = cluster_file("small.yaml")
    write(scratch, text)
    killed(scratch, at="set-up-node:begin:before")
    key = scratch.dir / "own"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    lab.ec2.import_key_pair(KeyName="own", PublicKeyMaterial=pathlib.Path(f"{key}.pub").read_bytes())
    text = text.replace("    ssh_user: ubuntu\n", f"    ssh_user: ubuntu\n    ssh_private_key: {key}\n")
    write(scratch, text.replace(f"ImageId: {IMAGE}\n", f"ImageId: {IMAGE}\n            KeyName: own\n"))
    plan = scratch.json("plan", "cluster.yaml")
    done = effects(plan)
    check("terminate-node" in done[ONE] and "terminate-node" in done[TWO], f"{done}")
    check(len(plan["blocked"]) == 1 and "terminate-node" not in done.get(HEAD, []), f"{done} {plan['blocked']}")
    done = scratch.run("apply", "cluster.yaml", "--yes", status=9)
    check("--replace-head" in done.stderr, done.stderr)
    check({one["KeyName"] for one in lab.instances()} == {"ray-autoscaler_us-west-2"}, "it was done all the same")
    scratch.run("down", "cluster.yaml", "-y")
    check(lab.left() == {"key_pairs": [{"name": "own", "tags": {}}]}, f"{lab.left()}")


def verbs(plan):
    return {verb for each in effects(plan).values() for verb in each}


main(who_may_reach_ssh, least_rights, orphans, two_clusters_one_key, lost_state, names_of_images, another_key,
     example_of_ray_0_8_7, what_a_change_does)
