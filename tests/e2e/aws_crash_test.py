"""kill -9 on AWS (cloud_crash.py)."""
import atexit
import functools

from aws_lab import AwsLab, enter
from aws_rounds import Round, in_a_clean_account, play
from cloud_crash import crash_tests
from harness import main

enter(__file__)
lab = AwsLab()
made = []
# Of each run, the calls that change something, and how many of them go before.
MAKING = (("CreateRole", 0), ("PutRolePolicy", 0), ("ImportKeyPair", 0), ("CreateSecurityGroup", 0),
          ("AuthorizeSecurityGroupIngress", 0), ("CreateInstanceProfile", 0), ("AddRoleToInstanceProfile", 0),
          ("RunInstances", 0), ("RunInstances", 1), ("CreateTags", 0))
ENDING = (("TerminateInstances", 0), ("RemoveRoleFromInstanceProfile", 0), ("DeleteInstanceProfile", 0),
          ("DeleteRolePolicy", 0), ("DeleteRole", 0), ("DeleteKeyPair", 0), ("DeleteSecurityGroup", 0))

atexit.register(lambda: print(f"{sum(made)} machines made", flush=True))
main(*crash_tests(functools.partial(Round, lab), functools.partial(play, lab), in_a_clean_account(lab, made), MAKING,
                  ENDING, least=24))
