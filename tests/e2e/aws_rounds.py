"""Rounds (cloud_rounds.py) in the account of the AWS lab."""
import json
import subprocess

from aws_lab import IMAGE
from cloud_rounds import CloudRound, play_rounds
from harness import RAYCTL, check

ZONES = ("us-west-2a", "us-west-2b")
YAML = """\
cluster_name: {name}
max_workers: 2
provider: {{type: aws, region: us-west-2, availability_zone: "us-west-2a,us-west-2b", use_internal_ips: true}}
auth: {{ssh_user: ubuntu}}
available_node_types:
  head: {{resources: {{CPU: 1}}, node_config: {{InstanceType: {head_type}, ImageId: {image}}}}}
  worker:
    min_workers: 2
    max_workers: 2
    resources: {{CPU: 1}}
    node_config: {{InstanceType: {worker_type}, ImageId: {image}{worker}}}
head_node_type: head
setup_commands: ["exit 7"]
rayctl: {{address_url: "", ssh_cidr: [172.31.0.0/16]{rayctl}}}
"""
HEAD, WORKER = "m5.large", "m5.xlarge"
SPOT = ", InstanceMarketOptions: {MarketType: spot}"


class Round(CloudRound):
    def __init__(self, lab, scratch, name, worker="", rayctl=""):
        iam = lab.client("iam")
        iam.create_user(UserName=name)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        super().__init__(lab, scratch, name, key["AccessKeyId"],
                         YAML.format(name=name, image=IMAGE, worker=worker, rayctl=rayctl, head_type=HEAD,
                                     worker_type=WORKER),
                         AWS_ACCESS_KEY_ID=key["AccessKeyId"], AWS_SECRET_ACCESS_KEY=key["SecretAccessKey"])

    def ever(self):
        pages = self.lab.ec2.describe_instances(Filters=[{"Name": "tag:ray-cluster-name", "Values": [self.name]}])
        return [one for page in pages["Reservations"] for one in page["Instances"]]

    def machines(self):
        return [one for one in self.ever() if one["State"]["Name"] in ("pending", "running")]

    def name_of(self, machine):
        return tag(machine, "rayctl-node")

    def left(self):
        names = (f'"{self.name}"', f'"ray-autoscaler-{self.name}"', f'"rayctl-{self.name}-us-west-2"')
        return {kind: [one for one in things if any(name in json.dumps(one) for name in names)]
                for kind, things in self.lab.left().items() if kind != "instances"}

    def status(self):
        done = subprocess.run([RAYCTL, "status", "cluster.yaml", "--json"], cwd=self.dir, env=self.env, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=60)
        return json.loads(done.stdout)

    def end_elsewhere(self, machines):
        """As from EC2's console; returns when they are gone."""
        ids = {one["InstanceId"] for one in machines}
        self.lab.ec2.terminate_instances(InstanceIds=sorted(ids))
        self.gone_are(ids)

    def gone_are(self, ids):
        def over():
            return {one["InstanceId"] for one in self.ever() if one["State"]["Name"] == "terminated"}
        self.lab.until(lambda: ids <= over(), what=f"the end of {ids}")


def play(lab, scratch, table, **how):
    play_rounds(lambda name, **what: Round(lab, scratch, name, **what), table, **how)


def in_a_clean_account(lab, made):
    """Each test begins with a new account and leaves it empty; `made` gets how many machines it took.
    The lab keeps those that ended, and is the slower for it."""
    def wrap(test):
        def run(scratch):
            lab.reset()
            lab.phases(pending=0.1, leaving=0.1)
            test(scratch)
            shown = lab.ec2.describe_instances()["Reservations"]
            made.append(sum(len(page["Instances"]) for page in shown))
            lab.until(lambda: lab.left() == {}, what=f"an empty account: {lab.left()}")
            check(lab.validator()["bad"] == [], f"{lab.validator()['bad']}")
        run.__name__ = test.__name__
        return run
    return wrap


def tag(instance, key):
    return next((one["Value"] for one in instance.get("Tags", []) if one["Key"] == key), None)
