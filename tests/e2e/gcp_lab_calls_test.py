"""The calls that the GCP lab answers: what it refuses, lists and offers, and whom it believes."""
import json
import os
import subprocess
import time
import uuid

from gcp_lab import CLIENT, IMAGE, PROJECT, REGION, ZONE
from gcp_lab_calls import (
    HERE, IN, OTHER, SCOPES, answered, body, cleaned, fault, firewall, insert, instances, lab, launch, refused,
    shown, status,
)
from harness import check, main


@cleaned
def requests(_):
    """A requestId is good for one operation; a name for one machine."""
    request = str(uuid.uuid4())
    first = insert("one", request=request)
    again = insert("one", request=request)
    check(first["name"] == again["name"], "the same request made another operation")
    check(refused(insert, "one", request=str(uuid.uuid4())) == "409 alreadyExists", "the name is free")
    for wrong in ("00000000-0000-0000-0000-000000000000", "one"):
        check(refused(insert, "two", request=wrong) == "400 invalid", wrong)
    with fault(kind="lost-answer"):
        check(not answered("POST", f"{HERE}/instances?requestId={request[:-4]}0000", body("two")), "the answer came")
    lab.wait(insert("two", request=request[:-4] + "0000"))
    check(sorted(one["name"] for one in lab.instances()) == ["one", "two"], f"{lab.instances()}")
    labels, one = {"a": "b"}, shown("one")
    setting = {"instance": "one", "body": {"labels": labels, "labelFingerprint": one["labelFingerprint"]}, **IN}
    lab.wait(instances().setLabels(**setting).execute())
    check(shown("one")["labels"] == labels, "the labels")
    check(refused(instances().setLabels, **setting) == "412 conditionNotMet", "a fingerprint of before")
    check(refused(instances().setLabels, instance="one", body={"labels": labels}, **IN) == "412 conditionNotMet", "none")


@cleaned
def lists(_):
    for index, zone in enumerate([ZONE, ZONE, OTHER]):
        launch(f"m{index}", zone, labels={"ray-cluster-name": "demo", "ray-node-type": "head" if index == 0 else "worker"})
    launch("other")

    def found(text):
        return sorted(one["name"] for one in instances().list(filter=text, **IN).execute().get("items", []))

    cluster = "labels.ray-cluster-name = demo"
    check(found(cluster) == ["m0", "m1"], "a label")
    check(found(f"(labels.ray-node-type = head) AND ((status = RUNNING) OR (status = STAGING)) AND ({cluster}) AND "
                "(NOT labels.tpu_cores:*)") == ["m0"], "Ray's filter")
    check(found(f"{cluster} AND status != RUNNING") == [] and found("name eq m.") == ["m0", "m1"], "operators")
    check(found("NOT labels.ray-node-type:*") == ["other"], "NOT")
    check(found('(name = "m0") OR (name = "m1")') == ["m0", "m1"], "OR")
    for wrong in ("labels.x = ", "(name = m0", "name m0"):
        check(refused(instances().list, filter=wrong, **IN) == "400 invalid", wrong)
    request, names = instances().list(maxResults=2, **IN), []
    while request is not None:
        answer = request.execute()
        check(len(answer["items"]) <= 2, "a page is too long")
        names += [one["name"] for one in answer["items"]]
        request = instances().list_next(request, answer)
    check(sorted(names) == ["m0", "m1", "other"], f"pages: {names}")
    check(refused(instances().list, pageToken="x", **IN) == "400 invalid", "a page that is none")
    check(refused(instances().list, maxResults=501, **IN) == "400 invalid", "a page of too many")
    scopes = instances().aggregatedList(project=PROJECT, filter=cluster).execute()["items"]
    check([one["name"] for one in scopes[f"zones/{OTHER}"]["instances"]] == ["m2"], "the other zone")
    check(scopes["zones/us-west1-c"]["warning"]["code"] == "NO_RESULTS_ON_PAGE", "a zone without any")
    with fault(action="compute.instances.aggregatedList", kind="unreachable", unreachable=OTHER):
        answer = instances().aggregatedList(project=PROJECT).execute()
    check(answer["unreachables"] == [f"zones/{OTHER}"] and len(answer["items"][f"zones/{ZONE}"]["instances"]) == 3,
          "a zone that cannot be asked")
    check(answer["items"][f"zones/{OTHER}"]["warning"]["code"] == "UNREACHABLE", "it says nothing of the zone")


@cleaned
def refusals(_):
    disk, kind = body("x")["disks"][0], f"zones/{ZONE}/machineTypes"
    account = {"email": f"nobody@{PROJECT}.iam.gserviceaccount.com", "scopes": SCOPES}
    image = {**disk, "initializeParams": {"sourceImage": "projects/debian-cloud/global/images/family/debian-1"}}
    for wanted, what in (("400 invalid", {"machineType": ""}), ("400 invalid", {"machineType": "n1-standard-2"}),
                         ("400 invalid", {"machineType": f"{kind}/n1-standard-3"}),
                         ("400 invalid", {"machineType": f"zones/{OTHER}/machineTypes/n1-standard-2"}),
                         ("400 invalid", {"disks": [image]}), ("400 invalid", {"disks": []}),
                         ("400 invalid", {"disks": [{**disk, "initializeParams": {"sourceImage": IMAGE, "diskSizeGb": 9}}]}),
                         ("400 invalid", {"labels": {"Key": "x"}}), ("400 invalid", {"labels": {"key": "X"}}),
                         ("400 invalid", {"labels": {"key": "x" * 64}}), ("400 invalid", {"labels": {"1": "x"}}),
                         ("400 required", {"networkInterfaces": []}),
                         ("400 invalid", {"networkInterfaces": [{"network": "global/networks/none"}]}),
                         ("400 invalid", {"networkInterfaces": [{"subnetwork": f"regions/{REGION}/subnetworks/none"}]}),
                         ("404 notFound", {"serviceAccounts": [account]}),
                         ("400 invalid", {"machineType": f"{kind}/a2-highgpu-1g"}),
                         ("400 invalid", {"scheduling": {"preemptible": True, "automaticRestart": True}}),
                         ("404 notFound", {"zone": "us-west1-x"})):
        check(refused(insert, "x", **what) == wanted, f"{what}: {refused(insert, 'x', **what)}")
    check(lab.left() == {}, "something was made")
    for act in (instances().get, instances().delete, instances().stop):
        check(refused(act, instance="none", **IN) == "404 notFound", "an instance that is not there")
    check(refused(lab.compute.zoneOperations().get, operation="operation-1", **IN) == "404 notFound", "an operation")
    check(refused(lab.client("cloudresourcemanager").projects().get, projectId="another-1") == "403 forbidden", "a project")
    rules = lab.compute.firewalls()
    lab.wait(rules.insert(project=PROJECT, body=firewall("f")).execute())
    check(refused(rules.insert, project=PROJECT, body=firewall("f")) == "409 alreadyExists", "a rule twice")
    for what in ({"sourceRanges": ["10.0.0.1/8"]}, {"targetTags": ["Ray"]}, {"allowed": []},
                 {"network": "global/networks/x"}):
        check(refused(rules.insert, project=PROJECT, body=firewall("g", **what)) == "400 invalid", f"{what}")
    lab.wait(rules.patch(project=PROJECT, firewall="f", body={"name": "f", "sourceRanges": ["10.1.0.0/16"]}).execute())
    got = rules.get(project=PROJECT, firewall="f").execute()
    check(got["sourceRanges"] == ["10.1.0.0/16"] and got["targetTags"] == ["ray-demo"] and "denied" not in got, f"{got}")
    used = "400 resourceInUseByAnotherResource"
    check(refused(lab.compute.networks().delete, project=PROJECT, network="default") == used, "a network in use")
    lab.wait(rules.delete(project=PROJECT, firewall="f").execute())
    check(refused(rules.get, project=PROJECT, firewall="f") == "404 notFound", "the rule is there")
    launch("one")
    check(refused(lab.compute.disks().delete, disk="one", **IN) == used, "a disk in use")
    kept = {**disk, "autoDelete": False}
    launch("two", disks=[kept])
    for name in ("one", "two"):
        lab.wait(instances().delete(instance=name, **IN).execute())
    check(lab.left() == {"disks": [{"name": "two", "zone": ZONE, "users": []}]}, f"{lab.left()}")
    lab.wait(lab.compute.disks().delete(disk="two", **IN).execute())
    check(lab.left() == {}, f"left: {lab.left()}")


@cleaned
def offers(_):
    """What is there for everybody."""
    kinds = lab.compute.machineTypes()
    for name, cpus, memory in (("n1-standard-2", 2, 7680), ("n2-custom-4-8192", 4, 8192), ("custom-2-4096", 2, 4096),
                               ("e2-medium", 2, 4096), ("a2-highgpu-1g", 12, 87040)):
        kind = kinds.get(machineType=name, **IN).execute()
        check((kind["guestCpus"], kind["memoryMb"]) == (cpus, memory), f"{kind}")
    check(kind["accelerators"] == [{"guestAcceleratorType": "nvidia-tesla-a100", "guestAcceleratorCount": 1}], f"{kind}")
    for name in ("n1-standard-3", "n2-custom-3-4096", "x"):
        check(refused(kinds.get, machineType=name, **IN) == "404 notFound", name)
    check(any(one["name"] == "n2-standard-8" for one in kinds.list(**IN).execute()["items"]), "the list")
    gpu = {"guestAccelerators": [{"acceleratorType": f"zones/{ZONE}/acceleratorTypes/nvidia-tesla-t4",
                                  "acceleratorCount": 1}], "scheduling": {"onHostMaintenance": "TERMINATE"}}
    launch("gpu", **gpu)
    image = lab.compute.images().getFromFamily(project="debian-cloud", family="debian-12").execute()
    check(lab.compute.images().get(project="debian-cloud", image=image["name"]).execute() == image, "its own name")
    subnets = lab.compute.subnetworks().list(project=PROJECT, region=REGION).execute()["items"]
    check([one["name"] for one in subnets] == ["default"], "subnetworks")
    check(refused(lab.compute.acceleratorTypes().get, acceleratorType="x", **IN) == "404 notFound", "an accelerator")
    template = {"name": "t", "properties": {**body("x"), "machineType": "n1-standard-4"}}
    del template["properties"]["name"]
    lab.wait(lab.compute.instanceTemplates().insert(project=PROJECT, body=template).execute())
    from_it = instances().insert(body={"name": "made"}, sourceInstanceTemplate="global/instanceTemplates/t", **IN)
    lab.wait(from_it.execute())
    check(shown("made")["machineType"].endswith("/n1-standard-4"), "the template's type")


@cleaned
def validation(_):
    def wrong(*call):
        """How the lab finds a call that no library would send."""
        lab.reset_validator()
        status, answer = lab.call(*call)
        bad = lab.validator()["bad"]
        check(len(bad) == 1 and bad[0]["kind"] == "model", f"{call}: {answer}, found: {bad}")
        return f"{status} {answer['error']['errors'][0]['reason']}", bad[0]["faults"][0]

    model = "400 requestModelMismatch"
    for said, call in (
            ("scheduling: object wanted, not [{\"preemptible\": true}]",
             ("POST", f"{HERE}/instances", body("x", scheduling=[{"preemptible": True}]))),
            ("machine_type: unknown field (machineType is meant?)",
             ("POST", f"{HERE}/instances", {"name": "x", "machine_type": "x"})),
            ("canIpForward: boolean wanted, not \"true\"", ("POST", f"{HERE}/instances", body("x", canIpForward="true"))),
            ("labels.a: string wanted, not 1", ("POST", f"{HERE}/instances", body("x", labels={"a": 1}))),
            ("name: required", ("POST", f"{HERE}/instances", {})),
            ("query colour: unknown parameter", ("GET", f"{HERE}/instances?colour=red")),
            ("query maxResults: integer wanted, not 'many'", ("GET", f"{HERE}/instances?maxResults=many")),
            ("the method takes no body", ("GET", f"{HERE}/instances", {"a": 1})),
            ("the body is missing", ("PATCH", f"compute/v1/projects/{PROJECT}/global/firewalls/f"))):
        got = wrong(*call)
        check(got == (model, said), f"{call}: {got}")
    check(wrong("GET", f"compute/v1/projects/{PROJECT}/zones/US/instances")[1].startswith("path zone: 'US'"), "a zone")
    check(wrong("PUT", f"{HERE}/instances", {})[0] == "404 requestModelMismatch", "a method that is none")
    check(wrong("POST", f"v1/projects/{PROJECT}/serviceAccounts", {"account_id": "x"}, "iam")[1] ==
          "account_id: unknown field (accountId is meant?)", "IAM")
    check(lab.left() == {}, "something was made")


@cleaned
def credentials(scratch):
    from google.auth import load_credentials_from_file
    from google.auth.exceptions import RefreshError
    from google.auth.transport.requests import Request
    from google.oauth2.credentials import Credentials

    def callers(**what):
        lab.reset_calls()
        zones = lab.client(**what).zones()
        check(refused(zones.list, project=PROJECT) == "", f"{what} is not let in")
        return {who for who in lab._ask("calls")["compute.zones.list"]}

    client = lab.dir / "client"
    check(oct((client / "service_account.json").stat().st_mode)[-3:] == "600", "anybody may read the key")
    for file, who in (("service_account.json", CLIENT), ("authorized_user.json", "person@example.com"),
                      ("impersonated.json", CLIENT), ("external_account.json", CLIENT)):
        found = load_credentials_from_file(client / file, scopes=SCOPES)[0]
        check(callers(credentials=found) == {who}, file)
    key = json.loads((client / "service_account.json").read_text())
    other = subprocess.run(["openssl", "genrsa", "2048"], capture_output=True, text=True, check=True).stdout
    (scratch.dir / "wrong.json").write_text(json.dumps({**key, "private_key": other}))
    wrong = load_credentials_from_file(scratch.dir / "wrong.json", scopes=SCOPES)[0]
    try:
        wrong.refresh(Request())
        check(False, "another key was taken")
    except RefreshError as error:
        check("Invalid JWT Signature." in str(error), f"{error}")
    zones = lab.client(credentials=Credentials("nobody's")).zones()
    check(refused(zones.list, project=PROJECT) in ("401 authError", "RefreshError"), "an unknown token")
    check(lab.validator()["bad"] == [], f"{lab.validator()['bad']}")
    token = Credentials(lab.token())
    check(callers(credentials=token) == {CLIENT}, "the lab's token")
    lab.expire()
    zones = lab.client(credentials=token).zones()
    check(refused(zones.list, project=PROJECT) in ("401 authError", "RefreshError"), "an expired token")
    lab.lifetime(1)
    token = Credentials(lab.token())
    time.sleep(1.1)
    check(refused(lab.client(credentials=token).zones().list, project=PROJECT) != "", "a token of a second")
    lab.reset()
    check(lab.left() == {} and lab.nodes() == {}, "the reset left something")


@cleaned
def policies(_):
    accounts = lab.client("iam").projects().serviceAccounts()
    projects = lab.client("cloudresourcemanager").projects()
    new = {"accountId": "ray-head", "serviceAccount": {"displayName": "The head"}}
    made = accounts.create(name=f"projects/{PROJECT}", body=new).execute()
    check(accounts.get(name=made["name"]).execute() == made, "it is another")
    check(refused(accounts.create, name=f"projects/{PROJECT}", body=new) == "409 alreadyExists", "twice")
    member = f"serviceAccount:{made['email']}"
    policy = projects.getIamPolicy(resource=PROJECT, body={}).execute()
    policy["bindings"].append({"role": "roles/compute.admin", "members": [member]})
    setting = {"resource": PROJECT, "body": {"policy": policy}}
    projects.setIamPolicy(**setting).execute()
    check(refused(projects.setIamPolicy, **setting) == "409 aborted", "an etag of before")
    check(lab.project()["bindings"] == [{"role": "roles/compute.admin", "member": member}], f"{lab.project()}")
    policy = projects.getIamPolicy(resource=PROJECT, body={}).execute()
    for role, who in (("roles/none", member), ("roles/viewer", "serviceAccount:nobody@x.iam.gserviceaccount.com"),
                      ("roles/viewer", "nobody")):
        bad = {"policy": {**policy, "bindings": [{"role": role, "members": [who]}]}}
        check(refused(projects.setIamPolicy, resource=PROJECT, body=bad) == "400 badRequest", f"{role} {who}")
    own = accounts.getIamPolicy(resource=made["name"]).execute()
    own["bindings"] = [{"role": "roles/iam.serviceAccountUser", "members": ["user:somebody@example.com"]}]
    check(accounts.setIamPolicy(resource=made["name"], body={"policy": own}).execute()["bindings"] == own["bindings"], "own")
    check(refused(lab.client("iam").roles().get, name="roles/none") == "404 notFound", "a role")
    accounts.delete(name=made["name"]).execute()
    check(refused(accounts.get, name=made["name"]) == "404 notFound", "it is there")
    check(lab.project()["bindings"][0]["member"].startswith(f"deleted:{member}?uid="), "its binding")
    check(lab.validator()["bad"] == [], f"{lab.validator()['bad']}")


check(not {name for name in os.environ if name.startswith(("CLOUDSDK_", "GCE_"))}, "somebody's own settings are in sight")
main(requests, lists, refusals, offers, validation, credentials, policies)
