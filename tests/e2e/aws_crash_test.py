"""kill -9 on AWS: at every journal point of an apply up to the launch and of a down, and while a call is on its way
that the service carries out all the same. The next run converges, no machine is made twice, `down` leaves nothing."""
import atexit
import functools

from aws_lab import AwsLab, enter
from aws_rounds import KILLED, Round, in_a_clean_account, play
from harness import check, main

enter(__file__)
lab = AwsLab()
made = []
clean = in_a_clean_account(lab, made)
UP_TO_THE_LAUNCH = ("make-resource", "configure-autoscaler", "create-nodes")
# Of each run, the calls that change something, and how many of them go before.
MAKING = (("CreateRole", 0), ("PutRolePolicy", 0), ("ImportKeyPair", 0), ("CreateSecurityGroup", 0),
          ("AuthorizeSecurityGroupIngress", 0), ("CreateInstanceProfile", 0), ("AddRoleToInstanceProfile", 0),
          ("RunInstances", 0), ("RunInstances", 1), ("CreateTags", 0))
ENDING = (("TerminateInstances", 0), ("RemoveRoleFromInstanceProfile", 0), ("DeleteInstanceProfile", 0),
          ("DeleteRolePolicy", 0), ("DeleteRole", 0), ("DeleteKeyPair", 0), ("DeleteSecurityGroup", 0))


def killed_at(one, command, number):
    done = one.run(command, RAYCTL_CRASH_AT=str(number))
    check(done.status == KILLED, f"{command} was not killed at {number}: exit {done.status}\n{done.text}")


@clean
def every_point_of_an_apply(scratch):
    def tried(one, number):
        killed_at(one, "apply", number)
        if number % 2:
            one.apply()
        one.down()

    first = Round(lab, scratch, "apply")
    total = len([verb for verb in first.points("apply") if verb in UP_TO_THE_LAUNCH])
    first.whole()
    first.down()
    check(total >= 28, f"only {total} points")
    play(lab, scratch, [(f"apply-{n}", functools.partial(tried, number=n)) for n in range(1, total + 1)])
    print(f"     killed an apply at {total} of {total} points", flush=True)


@clean
def every_point_of_a_down(scratch):
    def tried(one, number):
        one.apply()
        killed_at(one, "down", number)
        if number % 3 == 0:
            one.apply(made=None)
        one.down()

    first = Round(lab, scratch, "down")
    first.apply()
    total = len(first.points("down"))
    first.gone()
    check(total >= 20, f"only {total} points")
    play(lab, scratch, [(f"down-{n}", functools.partial(tried, number=n)) for n in range(1, total + 1)])
    print(f"     killed a down at {total} of {total} points", flush=True)


@clean
def calls_of_an_apply(scratch):
    def tried(one, action, skip):
        one.killed_in("apply", action, skip=skip)
        one.apply()
        one.down()

    play(lab, scratch, [(f"making-{n}", functools.partial(tried, action=action, skip=skip))
                        for n, (action, skip) in enumerate(MAKING)])
    print(f"     killed an apply in {len(MAKING)} calls", flush=True)


@clean
def calls_of_a_down(scratch):
    def tried(one, action, skip):
        one.apply()
        one.killed_in("down", action, skip=skip)
        one.down()

    play(lab, scratch, [(f"ending-{n}", functools.partial(tried, action=action, skip=skip))
                        for n, (action, skip) in enumerate(ENDING)])
    print(f"     killed a down in {len(ENDING)} calls", flush=True)


atexit.register(lambda: print(f"{sum(made)} machines made", flush=True))
main(every_point_of_an_apply, every_point_of_a_down, calls_of_an_apply, calls_of_a_down)
