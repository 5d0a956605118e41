"""kill -9 at every begin, act and finish of an apply and of a down, on real processes that stand in for Ray: the next
run converges, no node is lost and none is made twice. The lock goes with its holder (tf#25776)."""
import signal

from harness import check, main

KILLED = -signal.SIGKILL


def points(scratch, *words):
    """How many crash points the run passes."""
    counter = scratch.dir / "points"
    counter.unlink(missing_ok=True)
    scratch.run(*words, RAYCTL_CRASH_COUNT_FILE=str(counter))
    return len(counter.read_text().splitlines())


def converged(scratch, workers):
    scratch.empty_plan()
    homes = scratch.homes()
    want = ["head-1"] + [f"worker-{n + 1}" for n in range(workers)]
    check(len(homes) == len(want), f"nodes {sorted(homes)}, expected {len(want)} of them")
    check(all(len(folders) == 1 for folders in homes.values()), f"a name is there twice: {homes}")
    sleeping = [line for line in scratch.processes().values() if line.startswith("sleep ")]
    check(len(sleeping) == len(want), f"{len(sleeping)} processes run, expected {len(want)}: {scratch.processes()}")
    for name, (folder,) in homes.items():
        log = (folder / "setup.log").read_text().split()
        check(len(log) == 1, f"set-up ran {len(log)} times on {name}")


def gone(scratch):
    check(not scratch.homes(), f"folders are left: {scratch.homes()}")
    check(not scratch.processes(), f"processes are left: {scratch.processes()}")


def every_point_of_an_apply(scratch):
    scratch.plain()
    scratch.run("apply", "cluster.yaml", "--yes")
    scratch.run("down", "cluster.yaml", "--yes")
    total = points(scratch, "apply", "cluster.yaml", "--yes")
    check(total >= 12, f"only {total} points")
    scratch.run("down", "cluster.yaml", "--yes")
    for at in range(1, total + 1):
        scratch.run("apply", "cluster.yaml", "--yes", status=KILLED, RAYCTL_CRASH_AT=str(at))
        scratch.run("apply", "cluster.yaml", "--yes")
        converged(scratch, 2)
        scratch.run("down", "cluster.yaml", "--yes")
        gone(scratch)
    print(f"killed an apply at {total} of {total} points")


def points_of_a_change(scratch, first):
    """A change of set-up and files, killed at every other point."""
    def change(n):
        scratch.plain(workers=2, setup=f"echo {n} > ~/version")
        (scratch.dir / "app" / "data.txt").write_text(f"{n}\n")

    change(0)
    scratch.run("apply", "cluster.yaml", "--yes")
    change(1)
    total = points(scratch, "apply", "cluster.yaml", "--yes")
    tried = range(first, total + 1, 2)
    for at in tried:
        change(at + 1)
        scratch.run("apply", "cluster.yaml", "--yes", status=KILLED, RAYCTL_CRASH_AT=str(at))
        scratch.run("apply", "cluster.yaml", "--yes")
        scratch.empty_plan()
        homes = scratch.homes()
        check(len(homes) == 3, f"nodes {sorted(homes)}")
        for name, (folder,) in homes.items():
            check((folder / "version").read_text().strip() == str(at + 1), f"{name} was not set up again")
            check((folder / "app" / "data.txt").read_text().strip() == str(at + 1), f"{name} has old files")
        check(len([c for c in scratch.processes().values() if c.startswith("sleep ")]) == 3, "not 3 processes")
    print(f"killed a change at {len(tried)} of {total} points: {first}, {first + 2}, ...")


def odd_points_of_a_change(scratch):
    points_of_a_change(scratch, 1)


def even_points_of_a_change(scratch):
    points_of_a_change(scratch, 2)


def every_point_of_a_down(scratch):
    scratch.plain()
    scratch.run("apply", "cluster.yaml", "--yes")
    total = points(scratch, "down", "cluster.yaml", "--yes")
    check(total >= 9, f"only {total} points")
    for at in range(1, total + 1):
        scratch.run("apply", "cluster.yaml", "--yes")
        scratch.run("down", "cluster.yaml", "--yes", status=KILLED, RAYCTL_CRASH_AT=str(at))
        scratch.run("down", "cluster.yaml", "--yes")
        gone(scratch)
    print(f"killed a down at {total} of {total} points")


main(odd_points_of_a_change, even_points_of_a_change, every_point_of_an_apply, every_point_of_a_down, at_once=4)
