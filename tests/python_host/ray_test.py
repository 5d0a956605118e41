"""Ray's own provider classes: those of the Ray of the tests, and those of 0.8.7 on the bundled interface."""
import json
import os
import pathlib
import runpy
import time

from host_client import HOST, SOURCE, check, create, main

WHEELS = pathlib.Path(os.environ["RAYCTL_RAY_WHEELS"])
SITE = next(pathlib.Path(os.environ["RAYCTL_VENV"]).glob("lib/python3.*/site-packages"))


LOCAL = {"type": "local", "head_ip": "127.0.0.1", "worker_ips": ["127.0.0.2", "127.0.0.3"]}


def opening(provider):
    """The fields of `open` for a type of Ray's own."""
    return {"provider": provider, "known": None, "paths": [],
            "config": {"cluster_name": "one", "provider": provider, "auth": {},
                       "available_node_types": {"local.cluster.node": {"node_config": {}}}}}


def whole_life_of_local(scratch, host):
    """The same steps for every version of this class. Its state is in a file that has the cluster's name."""
    name = scratch.dir.name
    check(host.call("list", cluster=name) == {"nodes": []}, "nothing runs at first")
    head = {"ray-node-type": "head", "ray-node-status": "uninitialized"}
    check(host.result(create(host, 1, name, node_type="local.cluster.node", tags=head)) == {"nodes": None}, "the head")
    host.result(create(host, 1, name, node_type="local.cluster.node", tags={"ray-node-type": "worker"}))
    nodes = host.call("list", cluster=name)["nodes"]
    check([node["id"] for node in nodes] == ["127.0.0.2", "127.0.0.1"], f"{nodes}")
    check(nodes[1] == {"id": "127.0.0.1", "tags": head, "running": True, "terminated": False,
                       "internal_ip": "127.0.0.1", "external_ip": "127.0.0.1"}, f"{nodes[1]}")
    check(host.call("set_tags", cluster=name, node="127.0.0.1", tags={"a": "b"}) == {"kept": True}, "set_tags")
    check(host.call("runner", cluster=name, node="127.0.0.1") == {"own": False}, "runner")
    check(host.call("bootstrap") == {"auth": {}, "provider": {}}, "bootstrap")
    for node in ("127.0.0.2", "127.0.0.1"):
        check(host.call("terminate", cluster=name, node=node) == {}, "terminate")
    check(host.call("list", cluster=name) == {"nodes": []}, "something is left")
    check(host.call("terminate", cluster=name, node="127.0.0.9") == {}, "a node that is not there")


def local_of_this_ray(scratch):
    host = scratch.host(env={"RAY_TMPDIR": str(scratch.dir)})
    begun = time.monotonic()
    said = host.call("open", **opening(LOCAL))
    took = time.monotonic() - begun
    check(said["class"] == "ray.autoscaler._private.local.node_provider.LocalNodeProvider", f"{said}")
    check(said["ray"] == "2.60.0" and said["readonly"] is False and said["max_terminate_nodes"] is None, f"{said}")
    check("nodes_for_teardown" in said["own"] and "terminate_nodes" not in said["own"], f"{said}")
    check(pathlib.Path(said["file"]).is_relative_to(SITE), f"{said}")
    whole_life_of_local(scratch, host)
    check(list(scratch.dir.glob("**/cluster-*.state")), "its state is not in this test's folder")
    value = host.call("call", cluster=scratch.dir.name, method="nodes_for_teardown", args=[{}])["value"]
    check(value == ["127.0.0.3"], f"{value}")
    host.close()
    return f"loaded in {took:.1f} s"


def local_of_an_old_ray(scratch):
    """0.8.7's class from its unpacked wheel, without Ray: `ray` is the bundled interface over that folder."""
    (scratch.dir / "site").mkdir()
    for package in SITE.glob("filelock*"):
        (scratch.dir / "site" / package.name).symlink_to(package)
    section = {**LOCAL, "type": "external", "module": "ray.autoscaler.local.node_provider.LocalNodeProvider"}
    host = scratch.host(bare=True)
    said = host.call("open", **{**opening(section), "paths": [str(WHEELS / "0.8.7"), str(scratch.dir / "site")]})
    check(said["ray"] == "" and said["file"].startswith(str(WHEELS / "0.8.7")), f"{said}")
    check(set(said["own"]) == {"non_terminated_nodes", "is_running", "is_terminated", "node_tags", "external_ip",
                               "internal_ip", "create_node", "set_node_tags", "terminate_node", "bootstrap_config"},
          f"{said}")
    whole_life_of_local(scratch, host)
    for left in pathlib.Path("/tmp").glob(f"cluster-{scratch.dir.name}.*"):  # where this version keeps its state
        left.unlink()
    host.close()


def fake_multinode(scratch):
    """What it does without a cluster: its head is always there, and its tags are fixed."""
    fields = opening({"type": "fake_multinode"})
    host = scratch.host()
    host.call("open", **fields)
    host.refused("list", "raised", "__init__", contains="RAY_FAKE_CLUSTER", cluster="one")
    host.close()
    host = scratch.host(env={"RAY_FAKE_CLUSTER": "1"})
    said = host.call("open", **fields)
    check("create_node_with_resources_and_labels" in said["own"] and "create_node" not in said["own"], f"{said}")
    nodes = host.call("list", cluster="one")["nodes"]
    head = "f" * 51 + "00000"
    check(len(nodes) == 1 and nodes[0]["id"] == nodes[0]["internal_ip"] == head, f"{nodes}")
    check(nodes[0]["tags"]["ray-node-type"] == "head" and nodes[0]["running"] is True, f"{nodes}")
    host.refused("set_tags", "unsupported", "set_node_tags", head, cluster="one", node=head, tags={"a": "b"})
    check(host.call("terminate", cluster="one", node="no-such-node") == {}, "a node that is not there")
    check(host.call("fillout")["resources"] == {"local.cluster.node": {}}, "fillout")
    host.close()


def types_of_ray(scratch):
    host = scratch.host()
    host.refused("open", "import", contains="Unsupported node provider", **opening({"type": "no_such_type"}))
    said = host.call("open", **opening({"type": "readonly"}))
    check(said["readonly"] is True, f"{said}")
    said = host.call("open", **{**scratch.config("simple.SimpleProvider"), "known": {}})
    check(said["ray"] == "2.60.0" and "terminate_nodes" not in said["own"], f"{said}")
    check(host.result(create(host, 2)) == {"nodes": ["m-1", "m-2"]}, "create")
    check(host.call("runner", cluster="one", node="m-1") == {"own": False}, "Ray's runner over SSH")
    check(host.call("terminate", cluster="one", node="m-1") == {}, "terminate")
    host.call("open", **scratch.config("simple.SimpleProvider", own_runner=True))
    check(host.call("runner", cluster="one", node="m-2") == {"own": True}, "its own runner")
    check(host.call("run", cluster="one", node="m-2", command="exit 3")["exit"] == 3, "run")
    host.call("open", **scratch.config("hostile.Raises", at="create_node_with_resources_and_labels", error="launch"))
    fields = {"cluster": "one", "node_type": "worker", "node_config": {}, "tags": {}, "count": 1, "resources": {},
              "labels": {}}
    error = host.refused("create", "launch", "create_node_with_resources_and_labels", **fields)
    check(error.category == "QuotaExceeded", f"{error}")
    host.close()


def batching(scratch):
    """Ray's BatchingNodeProvider: changes are submitted in post_process, and a list between must not lose them."""
    host = scratch.host()
    host.call("open", **scratch.config("batching.BatchingProvider", disable_node_updaters=True,
                                       disable_launch_config_check=True, foreground_node_launch=True))
    requests = lambda: [json.loads(line) for line in pathlib.Path(f"{scratch.file}.requests").read_text().splitlines()]
    tags = {"ray-node-type": "worker", "ray-user-node-type": "worker"}
    begun = [create(host, 2, tags=tags)] + [host.begin("list", cluster="one") for _ in range(20)] + [
        create(host, 1, tags=tags)]
    results = [host.result(number) for number in begun]
    check(results[0] == {"nodes": None} and results[-1] == {"nodes": None}, f"{results[0]}, {results[-1]}")
    nodes = host.call("list", cluster="one")["nodes"]
    check(len(nodes) == 3, f"{nodes}, {requests()}")
    check(nodes[0]["running"] is True and nodes[0]["terminated"] is False and nodes[0]["external_ip"] is None
          and nodes[0]["internal_ip"].startswith("10.9."), f"{nodes[0]}")
    host.refused("set_tags", "unsupported", "set_node_tags", nodes[0]["id"], cluster="one", node=nodes[0]["id"],
                 tags={"a": "b"})
    ended = [node["id"] for node in nodes[:2]]
    for number in [host.begin("terminate", cluster="one", node=node) for node in ended]:
        host.result(number)
    left = host.call("list", cluster="one")["nodes"]
    check([node["id"] for node in left] == [nodes[2]["id"]], f"{left}")
    check(sorted(node for _, deleted in requests() for node in deleted) == sorted(ended), f"{requests()}")
    check(host.call("terminate", cluster="one", node="no-such-pod") == {}, "a node that is not there")
    host.close()


def names_of_tags(scratch):
    """The bundled interface has every name of the tags of each version, with its value."""
    host = {"__name__": "host"}
    exec(compile(HOST, "rayctl_provider_host.py", "exec"), host)
    bundled = host["TAGS"]
    count = 0
    for path in [*WHEELS.glob("*/ray/autoscaler/tags.py"), SITE / "ray/autoscaler/tags.py"]:
        for name, value in runpy.run_path(str(path)).items():
            if name.isupper():
                check(bundled.get(name) == value, f"{path}: {name} is {value}, here {bundled.get(name)}")
                count += 1
    return f"{count} names"


def methods_of_the_interface(scratch):
    """The bundled classes have every method of Ray's, with the same parameters."""
    (scratch.dir / "look.py").write_text(
        "import inspect\nfrom ray.autoscaler.node_provider import NodeProvider\n"
        "from ray.autoscaler.command_runner import CommandRunnerInterface\n"
        "from ray.autoscaler.node_launch_exception import NodeLaunchException\n\n\n"
        "class Look(NodeProvider):\n    def non_terminated_nodes(self, tag_filters):\n"
        "        return sorted('%s.%s(%s)' % (kind.__name__, name, ', '.join(inspect.signature(member).parameters))\n"
        "                      for kind in (NodeProvider, CommandRunnerInterface, NodeLaunchException)\n"
        "                      for name, member in vars(kind).items() if inspect.isfunction(member))\n")
    seen = []
    for options in ({}, {"bare": True}):
        host = scratch.host(**options)
        host.call("open", **scratch.config("look.Look"))
        seen.append(set(host.call("call", cluster="one", method="non_terminated_nodes", args=[{}])["value"]))
        host.close()
    check(len(seen[0]) > 20 and not seen[0] - seen[1], f"Ray has more: {sorted(seen[0] - seen[1])}")
    return f"{len(seen[0])} methods; only here: " + ", ".join(sorted(name for name in seen[1] - seen[0]))


if __name__ == "__main__":
    main(local_of_this_ray, local_of_an_old_ray, fake_multinode, types_of_ray, batching, names_of_tags,
         methods_of_the_interface)
