"""What the tests of the GCP lab itself share. They enter it by importing this."""
import contextlib
import functools
import json
import sys

from gcp_lab import IMAGE, PROJECT, ZONE, GcpLab, enter
from harness import check

enter(sys.argv[0])
lab = GcpLab()
OTHER = "us-west1-b"
HERE = f"compute/v1/projects/{PROJECT}/zones/{ZONE}"
IN = {"project": PROJECT, "zone": ZONE}
SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]


def cleaned(test):
    """Each test begins with a project that nobody has used."""
    def run(scratch):
        lab.reset()
        lab.phases(operation=0.1, pending=0.1, leaving=0.1)
        test(scratch)
    run.__name__ = test.__name__
    return run


def body(name, zone=ZONE, **what):
    disk = {"boot": True, "autoDelete": True, "initializeParams": {"sourceImage": IMAGE}}
    return {"name": name, "machineType": f"zones/{zone}/machineTypes/n1-standard-2", "disks": [disk],
            "networkInterfaces": [{"accessConfigs": [{"type": "ONE_TO_ONE_NAT"}]}], **what}


def insert(name, zone=ZONE, request=None, **what):
    """The operation of a launch."""
    more = {"requestId": request} if request else {}
    return lab.compute.instances().insert(project=PROJECT, zone=zone, body=body(name, zone, **what), **more).execute()


def launch(name, zone=ZONE, **what):
    lab.wait(insert(name, zone, **what))
    return name


@functools.cache  # to make it takes the library longer than to ask
def instances():
    return lab.compute.instances()


def shown(name, zone=ZONE):
    return instances().get(project=PROJECT, zone=zone, instance=name).execute()


def status(name):
    return shown(name)["status"]


def refused(act, *words, **what):
    """The status and the reason that a service answers with; the exception's name if it does not answer properly; ""."""
    from google.auth.exceptions import GoogleAuthError
    from googleapiclient.errors import HttpError
    from httplib2 import HttpLib2Error
    try:
        made = act(*words, **what)
        if hasattr(made, "execute"):
            made.execute()
    except HttpError as error:
        return f"{error.resp.status} {json.loads(error.content)['error']['errors'][0]['reason']}"
    except (GoogleAuthError, HttpLib2Error, OSError, ValueError, EOFError) as error:
        return type(error).__name__
    except Exception as error:  # http.client's own
        return type(error).__name__
    return ""


def answered(*words):
    """Whether a call that is made once has a whole answer."""
    try:
        lab.call(*words)
        return True
    except (OSError, ValueError):
        return False


@contextlib.contextmanager
def fault(**what):
    lab.fault(**what)
    yield
    check(lab.faults() == [], f"nobody met the fault: {lab.faults()}")


def firewall(name, **what):
    return {"name": name, "network": "global/networks/default", "allowed": [{"IPProtocol": "tcp", "ports": ["22"]}],
            "sourceRanges": ["10.0.0.0/8"], "targetTags": ["ray-demo"], **what}
