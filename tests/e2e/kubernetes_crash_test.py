"""kill -9 on Kubernetes: at every journal point of an apply up to the launch and of a down, and while a call is on its
way that the server carries out all the same. The next run converges, no pod is made twice, `down` leaves nothing."""
import functools

from harness import check, killed_at, main
from kube_lab import KubeLab, enter
from kube_rounds import play

enter(__file__, "--kwok", "5", "--no-real")
lab = KubeLab()
UP_TO_THE_LAUNCH = ("make-resource", "create-nodes")
MAKING = (("patch serviceaccounts", 0), ("patch roles", 0), ("patch rolebindings", 0), ("patch services", 0),
          ("create pods", 0), ("create pods", 1), ("create pods", 2))
ENDING = (("delete pods", 0), ("delete pods", 2), ("delete rolebindings", 0), ("delete roles", 0),
          ("delete serviceaccounts", 0), ("delete services", 0))


def every_point_of_an_apply(scratch):
    def count(one):
        one.total = len([verb for verb in one.points("apply", RAYCTL_CRASH_AT=one.launched()) if verb in UP_TO_THE_LAUNCH])
        totals.append(one.total)
        one.down()

    def tried(one, number):
        killed_at(one, "apply", number)
        if number % 2:
            one.apply()
        one.down()

    totals = []
    play(lab, scratch, [("count", count)])
    (total,) = totals
    check(total >= 24, f"only {total} points")
    play(lab, scratch, [(f"apply-{n}", functools.partial(tried, number=n)) for n in range(1, total + 1)])
    print(f"     killed an apply at {total} of {total} points", flush=True)


def every_point_of_a_down(scratch):
    def count(one):
        one.apply()
        totals.append(len(one.points("down")))
        one.gone()

    def tried(one, number):
        one.apply()
        killed.append(killed_at(one, "down", number, total))
        if number % 3 == 0:
            one.apply(made=None)
        one.down()

    totals, killed = [], []
    play(lab, scratch, [("count-down", count)])
    (total,) = totals
    check(total >= 20, f"only {total} points")
    play(lab, scratch, [(f"down-{n}", functools.partial(tried, number=n)) for n in range(1, total + 1)])
    print(f"     killed a down at {sum(killed)} of {total} points", flush=True)


def calls_on_their_way(scratch):
    def making(one, action, skip):
        one.killed_in("apply", action, skip=skip)
        one.apply()
        one.down()

    def ending(one, action, skip):
        one.apply()
        one.killed_in("down", action, skip=skip)
        one.down()

    play(lab, scratch, [(f"making-{n}", functools.partial(making, action=action, skip=skip))
                        for n, (action, skip) in enumerate(MAKING)] +
         [(f"ending-{n}", functools.partial(ending, action=action, skip=skip))
          for n, (action, skip) in enumerate(ENDING)])
    print(f"     killed in {len(MAKING) + len(ENDING)} calls", flush=True)


main(every_point_of_an_apply, every_point_of_a_down, calls_on_their_way)
