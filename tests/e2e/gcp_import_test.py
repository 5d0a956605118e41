"""Clusters that go from one launcher to the other, in the GCP lab: rayctl takes over what Ray's own launcher made, while
a job runs on it; Ray's node provider works on what rayctl made."""
import json

import yaml
from cloud_takeover import Takeover, elsewhere, planned
from gcp_lab import CLUSTERS, PROJECT
from gcp_project import KEYS, LAUNCHED, NETWORK, killed, lab, labels, set_metadata
from harness import check, main

ACCOUNT = f"ray-autoscaler-sa-v1@{PROJECT}.iam.gserviceaccount.com"
RAYS_KEY = f"ray-autoscaler_gcp_us-west1_{PROJECT}_ubuntu_0"
HEAD, ONE, TWO = "ray_head_default-1", "ray_worker_small-1", "ray_worker_small-2"
TYPES = {"ray_head_default", "ray_worker_small"}
ON = ("PROVISIONING", "STAGING", "RUNNING")


def machines(kind=None):
    """{name: labels}"""
    found = {one["name"]: labels(one) for one in lab.instances(*ON)}
    return {name: each for name, each in found.items() if kind in (None, each["ray-node-type"])}


cluster = Takeover(lab, machines)


def write(scratch, change=lambda config: None, file="cluster.yaml"):
    """The small cluster with files to send, and a change. Who may reach SSH must be said in the lab, which no internet
    sees."""
    config = yaml.safe_load((CLUSTERS / "small.yaml").read_text())
    config["file_mounts"] = {"~/app": "./app"}
    config["provider"]["rayctl"] = {"ssh_cidr": [NETWORK]}
    change(config)
    (scratch.dir / file).write_text(yaml.safe_dump(config, sort_keys=False))


def a_cluster_of_rays_own_launcher(scratch):
    lab.reset()
    write(scratch)
    cluster.begin(scratch)
    lab.reset_validator()  # Ray's own calls are Ray's business
    scratch.rays = {kind: things for kind, things in lab.left().items() if kind not in ("instances", "disks")}


def as_ray_left_them():
    """Takes rayctl's labels off the machines."""
    for one in lab.instances(*ON):
        kept = {key: value for key, value in labels(one).items() if not key.startswith("rayctl-")}
        lab.wait(lab.compute.instances().setLabels(
            project=PROJECT, zone=one["zone"].rpartition("/")[2], instance=one["name"],
            body={"labels": kept, "labelFingerprint": one["labelFingerprint"]}).execute())
    cluster.nothing_of_ours()


def a_yaml_made_from_the_machines(scratch):
    """Where none is at hand: it leads to an empty plan, and says what it does not know."""
    state = {**elsewhere(scratch, "written"), "GOOGLE_CLOUD_PROJECT": PROJECT}
    words = ("import", "--write-config", "made.yaml", "--provider", "gcp", "--region", "us-west1", "--cluster-name",
             "small")
    done = scratch.run(*words, **state)
    made = yaml.safe_load((scratch.dir / "made.yaml").read_text())
    types = made["available_node_types"]
    check(set(types) == TYPES and made["head_node_type"] == "ray_head_default", f"{types}")
    check(made["provider"]["project_id"] == PROJECT and made["provider"]["availability_zone"] == "us-west1-a", f"{made}")
    worker = types["ray_worker_small"]
    check((worker["min_workers"], worker["max_workers"], made["max_workers"]) == (2, 2, 2), f"{made}")
    check(worker["node_config"]["machineType"].endswith("n1-standard-2"), f"{worker}")
    check(worker["node_config"]["scheduling"].get("preemptible") or
          worker["node_config"]["scheduling"].get("provisioningModel") == "SPOT", f"{worker}")
    check(ACCOUNT in json.dumps(types["ray_head_default"]), f"{types}")
    for part in ("file_mounts", "set-up", "~/ray_bootstrap_config.yaml"):
        check(part in done.stdout, f"nothing is said of {part}:\n{done.stdout}")
    check("is there already" in scratch.run(*words, status=3, **state).stderr, "a file was written over")
    check(not any("rayctl-cluster-id" in each for each in machines().values()), "something was recorded")

    done = scratch.run("import", "made.yaml", "--yes", **state)
    check("A plan from it is empty" in done.stdout, done.stdout)
    scratch.run("plan", "made.yaml", "--detailed-exitcode", **state)
    scratch.run("exec", "made.yaml", "true", **state)
    cluster.undisturbed()
    as_ray_left_them()


def what_rays_labels_disprove(scratch):
    """Another machine type of the workers, and another file than was sent."""
    state = elsewhere(scratch, "otherwise")
    write(scratch, lambda config: config["available_node_types"]["ray_worker_small"]["node_config"].update(
        machineType="n1-standard-4"), "otherwise.yaml")
    (scratch.dir / "app/sub/more.txt").write_text("less\n")
    done = scratch.run("import", "otherwise.yaml", "--yes", **state)
    for name in (ONE, TWO):
        check(f"{name} was launched from another node_config" in done.stdout, done.stdout)
    check(f"{HEAD} was launched from another" not in done.stdout, done.stdout)
    check("are not those that are here now" in done.stdout and "proves it" not in done.stdout, done.stdout)
    steps = planned(scratch, "otherwise.yaml", **state)
    sent = {node for verb, node in steps if verb == "sync-files"}
    check(len(sent) == 3, f"the files are not sent to all three: {steps}")
    check({verb for verb, _ in steps} & {"create-nodes", "terminate-node", "set-up-node"} == set(), f"{steps}")
    cluster.undisturbed()
    (scratch.dir / "app/sub/more.txt").write_text("more\n")
    as_ray_left_them()


def taken_over_while_a_job_runs(scratch):
    done = scratch.run("import", "cluster.yaml", "--yes")
    check("A plan from it is empty" in done.stdout, done.stdout)
    check("was launched from another node_config" not in done.stdout, done.stdout)
    proven = [line for line in done.stdout.splitlines() if "the tag ray-file-mounts-contents proves it" in line]
    check(len(proven) == 1 and HEAD in proven[0] and ONE.rpartition("-")[0] in proven[0], done.stdout)
    check("are taken as the file has them" in done.stdout, "what cannot be proven is not said")
    check("left there by `rayctl down`" in done.stdout and RAYS_KEY in done.stdout, done.stdout)
    scratch.empty_plan()
    records = scratch.json("state", "show", "cluster.yaml")["nodes"]
    check({record["id"] for record in records.values()} == cluster.there, f"{records}")
    check(all(record["applied"]["launch"] for record in records.values()), f"the launch is not proven: {records}")
    cluster.undisturbed()
    scratch.run("import", "cluster.yaml", "--yes", **elsewhere(scratch, "lost"))  # its own labels lead back, too
    scratch.run("plan", "cluster.yaml", "--detailed-exitcode", **elsewhere(scratch, "lost"))


def commands_work_on_it(scratch):
    status = scratch.run("status", "cluster.yaml").stdout
    check(status.count("alive") == 3, status)
    head = lab.nodes()[cluster.head()]
    check(scratch.run("get-head-ip", "cluster.yaml").stdout.strip() == head["ip"], "the head's address")
    name = lab.run_on(cluster.head(), "hostname").strip()
    check(scratch.run("exec", "cluster.yaml", "hostname").stdout.strip() == name, "exec went elsewhere")
    write(scratch, lambda config: config.update(worker_setup_commands=["touch ~/changed"]))
    steps = planned(scratch, "cluster.yaml")
    check({node for verb, node in steps if verb == "set-up-node"} == {ONE, TWO}, f"{steps}")
    check({node for _, node in steps} <= {ONE, TWO} and not any(verb == "sync-files" for verb, _ in steps), f"{steps}")
    write(scratch)
    (scratch.dir / "app/data.txt").write_text("two\n")
    scratch.run("apply", "cluster.yaml", "--yes", "--no-restart")
    for one in machines():
        check((lab.home(one) / "app/data.txt").read_text() == "two\n", f"{one} does not have the file")
    cluster.undisturbed()


def down_leaves_what_was_found(scratch):
    done = scratch.run("down", "cluster.yaml", "--yes")
    check("Nothing is left of cluster small" in done.stdout, done.stdout)
    check("rayctl did not make it: it stays" in done.stdout + done.stderr, done.stderr)
    lab.until(lambda: lab.instances() == [] and lab.nodes() == {}, what="no machines")
    check(lab.left() == scratch.rays, f"{lab.left()} and not {scratch.rays}")
    check((KEYS / RAYS_KEY).exists(), "Ray's private key is gone")
    check(lab.validator()["bad"] == [], f"{lab.validator()['bad']}")


def rays_provider_works_on_what_rayctl_made(scratch):
    from ray.autoscaler._private.gcp.node_provider import GCPNodeProvider
    lab.reset()
    set_metadata()

    def change(config):
        config["provider"]["use_internal_ips"] = False
        del config["available_node_types"]["ray_worker_small"]["node_config"]["serviceAccounts"]
    write(scratch, change)
    killed(scratch, at=LAUNCHED)
    lab.until(lambda: len(lab.instances("RUNNING")) == 3, what="three machines")
    config = yaml.safe_load((scratch.dir / "cluster.yaml").read_text())
    provider = GCPNodeProvider(config["provider"], "small")
    there = {one["name"]: one for one in lab.instances()}
    check(set(provider.non_terminated_nodes({})) == set(there), "Ray sees other machines")
    workers = provider.non_terminated_nodes({"ray-node-type": "worker", "ray-user-node-type": "ray_worker_small"})
    check(len(workers) == 2, f"Ray sees these workers: {workers}")
    for name, one in there.items():
        interface = one["networkInterfaces"][0]
        check(provider.is_running(name) and provider.internal_ip(name) == interface["networkIP"] and
              provider.external_ip(name) == interface["accessConfigs"][0]["natIP"], f"{interface}")
        tags = provider.node_tags(name)
        check(tags["ray-cluster-name"] == "small" and tags["ray-node-name"] ==
              f"ray-small-{tags['ray-node-type']}" and tags["ray-user-node-type"] in TYPES, f"{tags}")
        provider.set_node_tags(name, {"ray-node-status": "update-failed"})
    provider.terminate_node(workers[0])
    lab.until(lambda: set(machines()) == set(there) - {workers[0]}, what="the end of a worker")
    plan = scratch.json("plan", "cluster.yaml")
    made = [name for step in plan["steps"] for name in step["action"].get("nodes", ())]
    gone = labels(there[workers[0]])["rayctl-node"]
    # Was it recorded before the kill, then it may only not be listed yet: for two minutes it is left alone.
    young = any(spot.startswith(f"{gone} was launched a moment ago") for spot in plan["blind_spots"])
    check((gone in made or young) and plan["blocked"] == [], f"{gone}: {plan}")
    scratch.run("down", "cluster.yaml", "--yes")
    check(set(lab.left()) == {"metadata"}, f"{lab.left()}")


main(a_yaml_made_from_the_machines, what_rays_labels_disprove, taken_over_while_a_job_runs, commands_work_on_it,
     down_leaves_what_was_found, rays_provider_works_on_what_rayctl_made, prepare=a_cluster_of_rays_own_launcher)
