"""What the end-to-end tests know of the GCP lab (fixtures/gcplab). They run inside it: `enter(__file__)` sees to that."""
import functools
import http.client
import json
import os
import urllib.error
import urllib.request

from cloud_lab import FIXTURES, CloudLab, enter_lab

CLUSTERS = FIXTURES / "gcp-clusters"
PROJECT, REGION, ZONE = "ray-lab-1", "us-west1", "us-west1-a"
# Who calls with the credentials that the lab's environment names.
CLIENT = f"labclient@{PROJECT}.iam.gserviceaccount.com"
# An image family that the lab has, as Ray's examples write it.
IMAGE = "projects/deeplearning-platform-release/global/images/family/common-cpu"


def enter(program, *flags):
    enter_lab("GCPLAB", FIXTURES / "gcplab/gcplab.sh", program, flags)


class GcpLab(CloudLab):
    def __init__(self):
        super().__init__(os.environ["GCPLAB"], os.environ["GCPLAB_ADDRESS"], CLUSTERS, "compute.instances.insert",
                         "project")

    def project(self):
        """Instances, disks, firewalls, networks, subnetworks, templates, service_accounts, bindings ({"role",
        "member"}), metadata ({"key", "value"} of the project's), tpus."""
        return self.content()

    def machine_env(self):
        return json.loads((self.dir / "machine-env.json").read_text())

    def preempt(self, name, seconds=30):
        """Gives notice to a spot instance, and takes it after so long."""
        self._tell("preempt", name=name, seconds=seconds)

    def expire(self, who=None):
        """Every access token, or those of one caller, is refused from now on; new ones are good."""
        self._tell("expire", who=who)

    def token(self, who=CLIENT):
        """A new access token of a service account."""
        return self._tell("token", who=who)

    def call(self, verb, path, body=None, service="compute", who=CLIENT):
        """One call, made once and without a library: the answer's status and its JSON. Raises OSError or ValueError where
        no whole answer comes."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token(who)}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"https://{service}.googleapis.com/{path}", data, headers, method=verb)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())
        except http.client.HTTPException as error:
            raise OSError(repr(error)) from None

    @staticmethod
    def client(service="compute", version="v1", **more):
        """A client of google-api-python-client; `execute()` of its requests tries once."""
        from googleapiclient import discovery
        return discovery.build(service, version, cache_discovery=False, **more)

    @functools.cached_property
    def compute(self):
        return self.client()

    def instances(self, *statuses):
        """The instances of the project as Compute Engine shows them, those of all zones; or those in some statuses."""
        answer = self.compute.instances().aggregatedList(project=PROJECT).execute()
        shown = [one for zone in answer.get("items", {}).values() for one in zone.get("instances", [])]
        return [one for one in shown if not statuses or one["status"] in statuses]

    def wait(self, operation, seconds=30):
        """Waits until an operation of the answer has ended; gives it as it ended."""
        scope = "zoneOperations" if "zone" in operation else "regionOperations" if "region" in operation \
            else "globalOperations"
        where = {kind: operation[kind].rpartition("/")[2] for kind in ("zone", "region") if kind in operation}
        ask = getattr(self.compute, scope)().wait(project=PROJECT, operation=operation["name"], **where)
        return self.until(lambda: (lambda got: got if got["status"] == "DONE" else None)(ask.execute()), seconds,
                          operation["name"])
