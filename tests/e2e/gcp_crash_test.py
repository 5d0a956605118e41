"""kill -9 on GCP (cloud_crash.py)."""
import atexit
import functools

from cloud_crash import crash_tests
from gcp_lab import GcpLab, enter
from gcp_rounds import Round, in_a_clean_project, play
from harness import main

enter(__file__)
lab = GcpLab()
made = []
# Of each run, the calls that change something or wait for it, and how many of them go before.
MAKING = (("compute.firewalls.insert", 0), ("compute.firewalls.insert", 1), ("iam.projects.serviceAccounts.create", 0),
          ("cloudresourcemanager.projects.setIamPolicy", 0), ("compute.instances.insert", 0),
          ("compute.instances.insert", 2), ("compute.zoneOperations.wait", 0))
ENDING = (("compute.instances.delete", 0), ("compute.instances.delete", 2), ("compute.zoneOperations.wait", 0),
          ("compute.firewalls.delete", 0), ("cloudresourcemanager.projects.setIamPolicy", 0),
          ("iam.projects.serviceAccounts.delete", 0))

atexit.register(lambda: print(f"{sum(made)} machines made", flush=True))
main(*crash_tests(functools.partial(Round, lab), functools.partial(play, lab), in_a_clean_project(lab, made), MAKING,
                  ENDING, least=20))
