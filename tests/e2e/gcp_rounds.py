"""Rounds (cloud_rounds.py) in the project of the GCP lab."""
import contextlib
import json
import re
import sqlite3
import threading

from cloud_rounds import CloudRound, play_rounds
from gcp_lab import IMAGE, PROJECT
from harness import check

ZONES = ("us-west1-a", "us-west1-b")
ON = ("PROVISIONING", "STAGING", "RUNNING")
YAML = """\
cluster_name: {name}
max_workers: 2
provider:
  type: gcp
  region: us-west1
  availability_zone: "us-west1-a,us-west1-b"
  project_id: {project}
  use_internal_ips: true
  gcp_credentials: {{type: credentials_token, credentials: {token}}}
auth: {{ssh_user: ubuntu}}
available_node_types:
  head:
    resources: {{CPU: 1}}
    node_config:
      machineType: {head_type}
      disks: [{{boot: true, autoDelete: true, initializeParams: {{diskSizeGb: 50, sourceImage: {image}}}}}]
  worker:
    min_workers: 2
    max_workers: 2
    resources: {{CPU: 1}}
    node_config:
      machineType: {worker_type}
      disks: [{{boot: true, autoDelete: true, initializeParams: {{diskSizeGb: 50, sourceImage: {image}}}}}]{worker}
head_node_type: head
setup_commands: ["exit 7"]
rayctl: {{address_url: "", ssh_cidr: [10.138.0.0/20]{rayctl}}}
"""
asking = threading.Lock()  # google's client is for one thread
HEAD, WORKER = "n1-standard-2", "n1-standard-4"
SPOT = "\n      scheduling: {preemptible: true}"


class Round(CloudRound):
    def __init__(self, lab, scratch, name, worker="", rayctl=""):
        who = f"{name}@{PROJECT}.iam.gserviceaccount.com"
        super().__init__(lab, scratch, name, who,
                         YAML.format(name=name, project=PROJECT, image=IMAGE, worker=worker, rayctl=rayctl, head_type=HEAD,
                                     worker_type=WORKER, token=lab.token(who)))

    def ever(self):
        return inserted(self.lab, rf"ray-{self.name}-(head|worker)-[0-9a-f]+-compute")

    def machines(self):
        with asking:
            shown = self.lab.instances(*ON)
        return [one for one in shown if one.get("labels", {}).get("ray-cluster-name") == self.name]

    def name_of(self, machine):
        return machine["labels"].get("rayctl-node")

    def left(self):
        # Another round's name may begin or end with this one's.
        name = re.compile(rf"(?<![a-z]){self.name}(?!\d)")
        return {kind: [one for one in things if name.search(json.dumps(one).replace(self.who, ""))]
                for kind, things in self.lab.left().items()}

    def boots_in(self, seconds):
        """From now on machines have so long to answer."""
        file = self.dir / "cluster.yaml"
        file.write_text(re.sub(r"boot_timeout_s: \d+", f"boot_timeout_s: {seconds}", file.read_text()))

    def end_elsewhere(self, machines):
        """As from Google's console; returns when they are gone. Nothing shows an ended machine, and one that was made
        within the last minutes may not be shown yet: these were made before."""
        age(self.dir / "state", self.name)
        with asking:
            for one in machines:
                self.lab.compute.instances().delete(project=PROJECT, zone=one["zone"].rpartition("/")[2],
                                                    instance=one["name"]).execute()
        self.gone_are({one["name"] for one in machines})

    def gone_are(self, names):
        self.lab.until(lambda: not names & {one["name"] for one in self.machines()}, what=f"the end of {names}")


def play(lab, scratch, table, **how):
    play_rounds(lambda name, **what: Round(lab, scratch, name, **what), table, **how)


def in_a_clean_project(lab, made):
    """Each test begins with a new project and leaves it empty; `made` gets how many machines it took."""
    def wrap(test):
        def run(scratch):
            lab.reset()
            lab.reset_validator()
            lab.phases(operation=0.1, pending=0.1, leaving=0.1)
            test(scratch)
            made.append(len(inserted(lab, r"ray-.*-compute")))
            lab.until(lambda: lab.left() == {}, what=f"an empty project: {lab.left()}")
            check(lab.validator()["bad"] == [], f"{lab.validator()['bad']}")
        run.__name__ = test.__name__
        return run
    return wrap


def age(state, cluster):
    """All that is recorded was launched five minutes earlier."""
    with contextlib.closing(sqlite3.connect(state / f"rayctl/{cluster}/state.db")) as database, database:
        database.execute("UPDATE nodes SET launched_at = launched_at - 300000")


def inserted(lab, name):
    """The machines whose insertion went well, by their names."""
    found, operations = set(), lab.compute.zoneOperations()
    with asking:
        for zone in ZONES:
            asked = operations.list(project=PROJECT, zone=zone, filter='operationType = "insert"')
            while asked is not None:
                answer = asked.execute()
                found |= {one["targetLink"].rpartition("/")[2] for one in answer.get("items", [])
                          if one["status"] == "DONE" and "error" not in one}
                asked = operations.list_next(asked, answer)
    return {one for one in found if re.fullmatch(name, one)}
