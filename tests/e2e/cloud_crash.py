"""kill -9 on a cloud: at every journal point of an apply up to the launch and of a down, and while a call is on its way
that the service carries out all the same. The next run converges, no machine is made twice, `down` leaves nothing."""
import functools

from harness import check, killed_at

UP_TO_THE_LAUNCH = ("make-resource", "create-nodes")


def crash_tests(make, play, clean, making, ending, least):
    """The tests, of which each begins and ends in a place that is clean. `make(scratch, name)` gives a round. `making`
    and `ending` are the calls of an apply and of a down that change something, and how many of them go before; `least`
    is how many points an apply has at the least."""
    @clean
    def every_point_of_an_apply(scratch):
        def tried(one, number):
            killed_at(one, "apply", number)
            if number % 2:
                one.apply()
            one.down()

        first = make(scratch, "apply")
        total = len([verb for verb in first.points("apply") if verb in UP_TO_THE_LAUNCH])
        first.whole()
        first.down()
        check(total >= least, f"only {total} points")
        play(scratch, [(f"applying-{n}", functools.partial(tried, number=n)) for n in range(1, total + 1)])
        print(f"     killed an apply at {total} of {total} points", flush=True)

    @clean
    def every_point_of_a_down(scratch):
        def tried(one, number):
            one.apply()
            killed.append(killed_at(one, "down", number, total))
            if number % 3 == 0:
                one.apply(made=None)
            one.down()

        killed = []
        first = make(scratch, "down")
        first.apply()
        total = len(first.points("down"))
        first.gone()
        check(total >= 20, f"only {total} points")
        play(scratch, [(f"ending-{n}", functools.partial(tried, number=n)) for n in range(1, total + 1)])
        print(f"     killed a down at {sum(killed)} of {total} points", flush=True)

    @clean
    def calls_of_an_apply(scratch):
        def tried(one, action, skip):
            one.killed_in("apply", action, skip=skip)
            one.apply()
            one.down()

        play(scratch, [(f"making-call-{n}", functools.partial(tried, action=action, skip=skip))
                       for n, (action, skip) in enumerate(making)])
        print(f"     killed an apply in {len(making)} calls", flush=True)

    @clean
    def calls_of_a_down(scratch):
        def tried(one, action, skip):
            one.apply()
            one.killed_in("down", action, skip=skip)
            one.down()

        play(scratch, [(f"ending-call-{n}", functools.partial(tried, action=action, skip=skip))
                       for n, (action, skip) in enumerate(ending)])
        print(f"     killed a down in {len(ending)} calls", flush=True)

    return every_point_of_an_apply, every_point_of_a_down, calls_of_an_apply, calls_of_a_down
