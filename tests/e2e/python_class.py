"""What the tests of Python provider classes share: a file that runs a class, and a cluster's life through it."""
import os

import yaml
from harness import check

PYTHON = os.path.join(os.environ["RAYCTL_VENV"], "bin/python")


def as_class(config, module, autoscaler="none"):
    """A config of Ray's with its provider's section handed to a class as it is."""
    settings = {key: value for key, value in config["provider"].items() if key not in ("type", "rayctl")}
    config["provider"] = {"type": "external", "module": module, "python": PYTHON, **settings}
    config["rayctl"] = {"autoscaler": autoscaler}
    return config


def save(scratch, config):
    (scratch.dir / "cluster.yaml").write_text(yaml.safe_dump(config, sort_keys=False))


def set_workers(scratch, kind, count):
    """Says in the file how many workers there are to be."""
    config = yaml.safe_load((scratch.dir / "cluster.yaml").read_text())
    config["available_node_types"][kind].update(min_workers=count, max_workers=count)
    save(scratch, config)


def alive(scratch, count):
    nodes = scratch.json("status", "cluster.yaml")["nodes"]
    check([node["ray"] for node in nodes] == ["alive"] * count, f"{nodes}")


def life(scratch, kind, machines):
    """Plan, apply, the empty second plan, one more, one less, down. `machines()` are those that there are; the file asks
    for one worker of that kind."""
    done = scratch.run("plan", "cluster.yaml", "--detailed-exitcode", status=2)
    check(not machines(), f"a plan made {machines()}")
    check("2 to launch" in done.stdout or "launch" in done.stdout, done.stdout)
    scratch.run("apply", "cluster.yaml", "--yes")
    check(len(machines()) == 2, f"{machines()}")
    scratch.empty_plan()
    alive(scratch, 2)
    done = scratch.run("exec", "cluster.yaml", "cat ~/setup.log")
    check(done.stdout.strip() == "set up", done.stdout)

    there = set(machines())
    set_workers(scratch, kind, 2)
    scratch.run("apply", "cluster.yaml", "--yes")
    check(len(machines()) == 3 and there < set(machines()), f"{there} became {machines()}")
    scratch.empty_plan()
    alive(scratch, 3)
    set_workers(scratch, kind, 1)
    scratch.run("apply", "cluster.yaml", "--yes")
    check(len(machines()) == 2, f"{machines()}")
    scratch.empty_plan()
    alive(scratch, 2)

    done = scratch.run("down", "cluster.yaml", "--yes")
    check("Nothing is left" in done.stdout, done.stdout)
    check(not machines(), f"after down: {machines()}")
    pins = yaml.safe_load(scratch.run("state", "pull", "cluster.yaml").stdout)["pins"]
    check(not pins.get("python-tags"), f"{pins}")
    check(pins.get("python-keeps-tags"), f"that the class keeps its tags was not noticed: {pins}")
