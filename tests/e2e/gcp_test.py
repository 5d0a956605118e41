"""rayctl on GCP, in the GCP lab and without Ray: who may reach a cluster, what its rights are, orphans, keys, names of
images. Ray's own example comes up in gcp_changes_test.py."""
import json
import pathlib
import shutil
import subprocess

from cloud_changes import effects, write
from gcp_lab import CLIENT, IMAGE, PROJECT
from gcp_project import (
    HEAD, KEY, KEYS, NETWORK, ONE, TWO, cleaned, cluster_file, down, key_files, killed, lab, labels, left,
    public_key, rules,
)
from harness import check, main


def make_key(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", path.name, "-f", path], check=True)
    return path


def opened_by(key):
    """The machines that let the key in."""
    lab.until(lambda: len(lab.nodes()) == 3 and all(node["ssh"] for node in lab.nodes().values()), what="machines")
    words = ["ssh", "-i", key, "-F", "none", "-oBatchMode=yes", "-oIdentitiesOnly=yes", "-oStrictHostKeyChecking=no",
             "-oUserKnownHostsFile=/dev/null", "-oConnectTimeout=5"]
    return {name for name, node in lab.nodes().items()
            if subprocess.run([*words, f"ubuntu@{node['ip']}", "true"], stdin=subprocess.DEVNULL, capture_output=True,
                              check=False).returncode == 0}


def verbs(plan):
    return {verb for each in effects(plan).values() for verb in each}


def nothing_relaunched(scratch):
    plan = scratch.json("plan", "cluster.yaml")
    check({"terminate-node", "create-nodes"}.isdisjoint(verbs(plan)) and plan["blocked"] == [], f"{effects(plan)}")


@cleaned
def keys_of_machines(scratch):
    """Machines accept the cluster's key, the autoscaler's and what the file's own metadata lets in; those that are there
    already stay as they are. Nothing of it is in the project's metadata."""
    path = scratch.dir / "state/rayctl/small/worker_key"
    plain = cluster_file()
    write(scratch, plain.replace("rayctl: {", "rayctl: {autoscaler: none, "))
    killed(scratch)
    check(not path.exists(), "a key for an autoscaler that is not wanted")
    write(scratch, plain)
    nothing_relaunched(scratch)
    down(scratch)

    own = make_key(scratch.dir / "own")
    line = pathlib.Path(f"{own}.pub").read_text().strip()
    place = "            scheduling:\n                preemptible: true\n"
    check(plain.count(place) == 1, plain)
    write(scratch, plain.replace(place, place + "            metadata:\n                items:\n"
                                 f"                    - {{key: ssh-keys, value: 'ubuntu:{line}'}}\n"
                                 "                    - {key: startup-script, value: 'echo grüß'}\n"))
    killed(scratch)
    for each in (path, KEYS / KEY):
        check(opened_by(each) == set(lab.nodes()), f"{each} opens {opened_by(each)}")
    workers = {one["name"] for one in lab.instances() if labels(one)["ray-node-type"] == "worker"}
    check(len(workers) == 2 and opened_by(own) == workers, f"the user's own key opens {opened_by(own)}, not {workers}")
    path.unlink()
    nothing_relaunched(scratch)
    down(scratch)


@cleaned
def who_may_reach_ssh(scratch):
    write(scratch, cluster_file())
    killed(scratch)
    (name,) = {one["tags"]["items"][0] for one in lab.instances()}
    wanted = {"internal": ({("all",)}, {"members"}), "ssh": ({("tcp", "22")}, {NETWORK})}
    seen = rules("small")
    check(set(seen) == set(wanted) and seen["ssh"] == wanted["ssh"] and seen["internal"][1] == {"members"}, f"{seen}")
    scratch.run("access", "add", "cluster.yaml", "198.51.100.4", "--who", "ben@office")
    scratch.run("access", "add", "cluster.yaml", "198.51.100.8/29", "--who", "ana")
    ben, ana = {"198.51.100.4/32"}, {"198.51.100.8/29"}
    added = [who for rule, (what, who) in rules("small").items() if rule not in wanted and what == {("tcp", "22")}]
    check(sorted(map(sorted, added)) == sorted(map(sorted, (ben, ana))), f"{rules('small')}")
    # Somebody else's, for the same machines: neither listed as ours nor removed.
    lab.wait(lab.compute.firewalls().insert(project=PROJECT, body={
        "name": "of-somebody", "network": f"projects/{PROJECT}/global/networks/default", "targetTags": [name],
        "sourceRanges": ["192.0.2.0/24"], "allowed": [{"IPProtocol": "tcp", "ports": ["22"]}]}).execute())
    listed = {rule["cidr"]: rule["who"] for rule in scratch.json("access", "list", "cluster.yaml")["rules"]}
    check(listed.pop("192.0.2.0/24", "of-somebody") == "of-somebody", f"{listed}")
    check(listed == {NETWORK: "ssh_cidr", "198.51.100.4/32": "ben@office", "198.51.100.8/29": "ana"}, f"{listed}")
    scratch.run("access", "rm", "cluster.yaml", "ben@office")
    check([who for _, who in rules("small").values()].count(ana) == 1 and
          ben not in [who for _, who in rules("small").values()], f"{rules('small')}")
    scratch.run("access", "rm", "cluster.yaml", "192.0.2.0/24", status=3)
    scratch.run("access", "rm", "cluster.yaml", "198.51.100.8/29")
    check(rules("small") == seen, f"{rules('small')}")
    refused = scratch.run("access", "add", "cluster.yaml", "everybody", status=3)
    check("everybody" in refused.stderr, refused.stderr)
    done = scratch.run("down", "cluster.yaml", "-y")
    check("Nothing is left" in done.stdout, done.stdout)
    check(set(left()) == {"firewalls"} and len(left()["firewalls"]) == 1, f"{left()}")
    lab.wait(lab.compute.firewalls().delete(project=PROJECT, firewall="of-somebody").execute())


def role(scratch, file, who):
    document = json.loads(scratch.run("iam-policy", file, "--for", who).stdout)
    check(set(document) >= {"title", "includedPermissions"}, f"{document}")
    return set(document["includedPermissions"])


def permission(call):
    """The right that a call needs."""
    for old, new in ((".insert", ".create"), (".aggregatedList", ".list"), (".wait", ".get"), ("iam.projects.", "iam."),
                     ("cloudresourcemanager.", "resourcemanager."), (".getFromFamily", ".useReadOnly")):
        call = call.replace(old, new)
    return call


@cleaned
def least_rights(scratch):
    """The role names what a launch and a down call, no more than the file leads to, and nothing is asked of GCP."""
    write(scratch, cluster_file())
    lab.reset_calls()
    operator, head = role(scratch, "cluster.yaml", "operator"), role(scratch, "cluster.yaml", "head")
    check(lab.calls() == {}, f"{lab.calls()}")
    killed(scratch)
    down(scratch)
    # Images are everybody's, and who may not look for TPUs has none.
    called = {permission(call) for call in lab.calls(CLIENT) if not call.startswith(("compute.images.", "oauth2.", "tpu."))}
    check("compute.instances.create" in called and called <= operator, f"called and not in the role: {called - operator}")
    check(not [one for one in operator | head if "*" in one], f"{operator | head}")
    check("compute.instances.create" in head, f"{head}")
    check(not [one for one in head if one.startswith("iam.") and not one.endswith(".actAs")], f"{head}")
    own = cluster_file().replace("ssh_user: ubuntu\n", "ssh_user: ubuntu\n    ssh_private_key: ~/own.pem\n").replace(
        "            machineType: n1-standard-2\n", "            machineType: n1-standard-2\n"
        "            networkInterfaces: [{subnetwork: regions/us-west1/subnetworks/own}]\n"
        f"            serviceAccounts: [{{email: own@{PROJECT}.iam.gserviceaccount.com, scopes: [a]}}]\n")
    write(scratch, own, "own.yaml")
    fewer = role(scratch, "own.yaml", "operator")
    makes = {"compute.firewalls.create", "iam.serviceAccounts.create", "resourcemanager.projects.setIamPolicy"}
    check(makes <= operator and not fewer & makes, f"{fewer}")


@cleaned
def rights_of_the_head(scratch):
    """The head's service account may do what it needs to this cluster's machines, and no worker carries it."""
    write(scratch, cluster_file())
    killed(scratch)
    (account,) = lab.left()["service_accounts"]
    there = {one["name"]: {each["email"] for each in one.get("serviceAccounts", [])} for one in lab.instances()}
    carried = {email for emails in there.values() for email in emails}
    check(len(carried) == 1 and sorted(map(len, there.values())) == [0, 0, 1], f"{there}")
    check(next(iter(carried)) in json.dumps(account), f"{account} is not {carried}")
    bound = [one for one in lab.left()["bindings"] if carried & {one["member"].partition(":")[2]}]
    check(bound and not [one for one in bound if one["role"] in ("roles/owner", "roles/editor")], f"{bound}")
    down(scratch)


def counts():
    return {kind: len(things) for kind, things in left().items()}


@cleaned
def orphans(scratch):
    """What no state here knows is listed, and removed for a yes; what one knows is neither."""
    write(scratch, cluster_file())
    write(scratch, cluster_file().replace("cluster_name: small", "cluster_name: known"), "known.yaml")
    killed(scratch, "known.yaml")
    lab.until(lambda: len(lab.instances("RUNNING")) == 3, what="its machines")
    known = counts()
    killed(scratch)
    check(scratch.json("orphans", "cluster.yaml")["orphans"] == [], "what is known is an orphan")
    shutil.rmtree(scratch.dir / "state/rayctl/small")
    listed = scratch.json("orphans", "cluster.yaml")["orphans"]
    check({each["cluster"] for each in listed} == {"small"}, f"{listed}")
    kinds = sorted(each["kind"] for each in listed)
    check(kinds == ["firewall rule"] * 2 + ["instance"] * 3 + ["service account"], f"{kinds}")
    made = counts()
    scratch.run("orphans", "cluster.yaml", "--delete", status=3)
    check(counts() == made, "something was removed without a yes")
    scratch.run("orphans", "cluster.yaml", "--delete", "-y")
    lab.until(lambda: counts() == known, what=f"what the other cluster has: {counts()}, {known}")
    shutil.rmtree(scratch.dir / "state/rayctl/known")
    scratch.run("orphans", "cluster.yaml", "--delete", "-y")
    lab.until(lambda: left() == {}, what="an empty project")
    check(key_files() == [], f"keys' files are left: {key_files()}")


@cleaned
def two_clusters(scratch):
    """Each has its own key, rules and account: one that goes takes nothing of the other's."""
    write(scratch, cluster_file())
    write(scratch, cluster_file().replace("cluster_name: small", "cluster_name: other"), "other.yaml")
    killed(scratch)
    killed(scratch, "other.yaml")
    check(len({public_key(one) for one in lab.instances()}) >= 2, "a key opens both")
    done = scratch.run("down", "cluster.yaml", "-y")
    check("Nothing is left" in done.stdout, done.stdout)
    check({labels(one)["ray-cluster-name"] for one in lab.instances()} == {"other"}, f"{left()}")
    check("ray-small" not in json.dumps(left()), f"{left()}")
    plan = scratch.json("plan", "other.yaml")
    check({"terminate-node", "create-nodes", "make-resource"}.isdisjoint(verbs(plan)), f"{effects(plan)}")
    down(scratch, "other.yaml")


@cleaned
def lost_state(scratch):
    """Without a record of anything, all that carries the cluster's id is its own, for a plan and for `down`."""
    write(scratch, cluster_file())
    killed(scratch)
    shutil.rmtree(scratch.dir / "state/rayctl/small")
    plan = scratch.json("plan", "cluster.yaml")
    check(plan["summary"]["launch"] == 0 and plan["blocked"] == [], f"{plan['summary']} {plan['blocked']}")
    check(not [note for note in plan["notes"] if "`down` leaves it" in note], f"{plan['notes']}")
    down(scratch)


@cleaned
def names_of_images(scratch):
    """What a family means stands in the plan, and machines are launched from that."""
    project, family = IMAGE.split("/")[1], IMAGE.split("/")[5]
    newest = lab.compute.images().getFromFamily(project=project, family=family).execute()["selfLink"]
    newest = newest.partition("/compute/v1/")[2]
    write(scratch, cluster_file())
    plan = scratch.json("plan", "cluster.yaml")
    check(plan["images"] == {IMAGE: newest}, f"{plan['images']}")
    check(newest in scratch.run("plan", "cluster.yaml").stdout, "the plan does not show it")
    killed(scratch)
    check(scratch.json("plan", "cluster.yaml")["images"] == {IMAGE: newest}, "it means something else now")
    write(scratch, cluster_file().replace(IMAGE, IMAGE + "-of-tomorrow"), "tomorrow.yaml")
    refused = scratch.run("plan", "tomorrow.yaml", status=None)
    check(refused.returncode != 0 and "common-cpu-of-tomorrow" in refused.stderr, refused.stderr)
    down(scratch)


@cleaned
def what_a_plan_asks(scratch):
    """One call a kind. In a project of nobody's nothing is seen, and nothing is taken for gone."""
    write(scratch, cluster_file())
    killed(scratch)
    lab.reset_calls()
    scratch.run("plan", "cluster.yaml")
    calls = {call: count for call, count in lab.calls(CLIENT).items() if not call.startswith("oauth2.")}
    check(calls == {"compute.instances.aggregatedList": 1, "compute.firewalls.list": 1,
                    "tpu.projects.locations.nodes.list": 1}, f"{calls}")
    write(scratch, cluster_file().replace(f"project_id: {PROJECT}", "project_id: nobodys"), "other.yaml")
    seen = scratch.run("plan", "other.yaml").stdout
    check("machines of gcp could not be listed" in seen and "projects/nobodys" in seen and "0 to launch" in seen, seen)
    down(scratch)


@cleaned
def another_key(scratch):
    """Machines with another key are other machines; for the head, --yes is no answer."""
    text = cluster_file()
    write(scratch, text)
    killed(scratch, at="set-up-node:begin:before")
    key = make_key(scratch.dir / "own")
    line = pathlib.Path(f"{key}.pub").read_text().strip()
    other = text.replace("    ssh_user: ubuntu\n", f"    ssh_user: ubuntu\n    ssh_private_key: {key}\n")
    write(scratch, other.replace("            machineType: n1-standard-2\n", "            machineType: n1-standard-2\n"
                                f"            metadata: {{items: [{{key: ssh-keys, value: 'ubuntu:{line}'}}]}}\n"))
    plan = scratch.json("plan", "cluster.yaml")
    done = effects(plan)
    check("terminate-node" in done[ONE] and "terminate-node" in done[TWO], f"{done}")
    check(len(plan["blocked"]) == 1 and "terminate-node" not in done.get(HEAD, []), f"{done} {plan['blocked']}")
    done = scratch.run("apply", "cluster.yaml", "--yes", status=9)
    check("--replace-head" in done.stderr, done.stderr)
    check(not [one for one in lab.instances() if line in public_key(one)], "it was done all the same")
    write(scratch, text)
    down(scratch)


main(keys_of_machines, who_may_reach_ssh, least_rights, rights_of_the_head, orphans, two_clusters, lost_state,
     names_of_images, what_a_plan_asks, another_key)
