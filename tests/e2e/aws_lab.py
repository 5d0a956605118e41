"""What the end-to-end tests know of the AWS lab (fixtures/awslab). They run inside it: `enter(__file__)` sees to that."""
import functools
import os
import re

from cloud_lab import FIXTURES, CloudLab, enter_lab

LAB = FIXTURES / "awslab/awslab.sh"
CLUSTERS = FIXTURES / "aws-clusters"
CLIENT = "labclient"  # the access key that the lab's environment has
IMAGE = "ami-lab"  # any id that begins so


def enter(program, *flags):
    enter_lab("AWSLAB", LAB, program, flags)


class AwsLab(CloudLab):
    def __init__(self):
        super().__init__(os.environ["AWSLAB"], os.environ["AWS_ENDPOINT_URL"], CLUSTERS, "RunInstances", "account")

    def account(self):
        return self.content()

    def interrupt(self, instance_id, seconds=120):
        self._tell("interrupt", id=instance_id, seconds=seconds)

    def expire(self, key=CLIENT):
        self._tell("expire", key=key)

    @staticmethod
    def client(service, retries=0, **more):
        """A client of boto3 that tries once."""
        import boto3
        from botocore.config import Config
        config = Config(retries={"total_max_attempts": retries + 1, "mode": "standard"}, read_timeout=60)
        return boto3.client(service, config=config, **more)

    @functools.cached_property
    def ec2(self):
        return self.client("ec2")

    def instances(self, *states):
        """The instances that EC2 shows, but for those that are terminated."""
        shown = [one for reservation in self.ec2.describe_instances()["Reservations"]
                 for one in reservation["Instances"]]
        return [one for one in shown if one["State"]["Name"] in states or
                (not states and one["State"]["Name"] != "terminated")]


def lab_example_full(text):
    """Ray 0.8.7's aws/example-full.yaml, unmodified but for what the lab needs: an image that it has, no downloads,
    object stores of which three fit in the memory of one machine, and two workers to look at."""
    store = "--object-store-memory=100000000"
    for pattern, instead, times in (
            (r"ImageId: ami-05931d11d2bf831c3\b", f"ImageId: {IMAGE}", 2),
            (r"(?m)^min_workers: 0$", "min_workers: 2", 1),
            (r"(?m)^    - pip install -U https://\S+\.whl$", "    - 'true'", 1),
            (r"(?m)^    - pip install boto3==1\.4\.8 .*$", "    - 'true'", 1),
            (r"(?m)^(    - ulimit -n 65536; ray start --head .*)$", rf"\1 {store}", 1),
            (r"(?m)^(    - ulimit -n 65536; ray start --address=.*)$", rf"\1 {store}", 1)):
        text, found = re.subn(pattern, instead, text)
        if found != times:
            raise ValueError(f"{pattern} is there {found} times and not {times}")
    return text
