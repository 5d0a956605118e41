"""Every operation of the protocol, with classes that behave."""
import ast
import base64
import json
import threading
import time

from host_client import FIXTURES, HOST, Refused, check, create, main, wait_for

HEAD_TAGS = {"ray-node-type": "head", "ray-node-status": "uninitialized", "rayctl-node": "head"}


def greeting(scratch):
    hosts = [scratch.host(bare=True) for _ in range(5)]
    said = json.loads(hosts[0].greeting)
    check(list(said) == ["rayctl_provider_host", "python", "pid"], f"the greeting: {said}")
    check(said["rayctl_provider_host"] == 1 and said["pid"] == hosts[0].process.pid, f"the greeting: {said}")
    check(said["python"].count(".") == 2, f"the version: {said}")
    best = min(host.seconds for host in hosts)
    check(best < 2, f"the best of five took {best:.3f} s")
    hosts[0].close()
    return f"after {best * 1000:.0f} ms"


def oldest_python(scratch):
    """Nothing in the host's text is newer than Python 3.8, and no line is longer than the house allows."""
    ast.parse(HOST, feature_version=(3, 8))
    for number, line in enumerate(HOST.splitlines(), 1):
        check(len(line) <= 120, f"line {number} is too long")


def ends_with_its_input(scratch):
    host = scratch.opened("simple.SimpleProvider", delay=30)
    host.begin("list", cluster="one")
    host.process.stdin.close()
    check(host.process.wait(5) == 0, "the exit status")


def modules_of_the_working_folder(scratch):
    """A json.py where the host runs is not the library's."""
    for name in ("json", "queue", "threading", "traceback", "copy"):
        (scratch.dir / f"{name}.py").write_text("raise RuntimeError('the wrong module')\n")
    host = scratch.host(bare=True, folder=scratch.dir)
    host.refused("open", "import", **scratch.config("missing.Class"))
    host.call("open", **{**scratch.config("simple.SimpleProvider"), "paths": [str(FIXTURES)]})
    check(host.call("list", cluster="one") == {"nodes": []}, "the list")
    host.close()


def requests_not_understood(scratch):
    host = scratch.host(bare=True)
    host.refused("no_such_thing", "request")
    host.refused("list", "request", cluster="one")
    host.refused("open", "request", provider=7)
    for line in (b"no json\n", b"[]\n", b"[" * 100000 + b"\n", b'{"op": []}\n', b"\n", b"\xff\n"):
        host.send_bytes(line)
    wait_for(lambda: len(host.answers.get(None, ())) == 5, "five answers without a number")
    check(all(one["error"]["kind"] == "request" for one in host.answers[None]), f"{host.answers[None]}")
    host.call("open", **scratch.config("simple.SimpleProvider"))
    host.refused("list", "request", cluster=None)
    host.refused("create", "request", cluster="one", node_type="worker", node_config={}, tags={}, count=True,
                 resources={}, labels={})
    host.refused("list", "request", cluster="one", seconds=-1)
    check(scratch.machines() == {}, "something was made")
    host.close()


def opening(scratch):
    host = scratch.host(bare=True)
    said = host.call("open", **scratch.config("simple.SimpleProvider"))
    own = said.pop("own")
    check(said == {"class": "simple.SimpleProvider", "file": str(FIXTURES / "simple.py"), "ray": "",
                   "max_terminate_nodes": None, "readonly": False}, f"{said}")
    check("terminate_node" in own and "bootstrap_config" in own, f"{own}")
    check("terminate_nodes" not in own and "post_process" not in own, f"{own}")
    said = host.call("open", **scratch.config("hostile.ReadOnly"))
    check(said["readonly"] is True and said["max_terminate_nodes"] == 1000, f"{said}")
    check(said["class"] == "hostile.ReadOnly", "the second class does not replace the first")
    host.close()


def classes_that_cannot_be_loaded(scratch):
    (scratch.dir / "bad_syntax.py").write_text("class Provider:\n    def (self):\n        pass\n")
    (scratch.dir / "leaves.py").write_text("import sys\nsys.exit('leaving')\n")
    host = scratch.host(bare=True)
    for module, words in (
            ("no_such_module.Class", "ModuleNotFoundError"), ("simple.NoSuchClass", "no `NoSuchClass`"),
            ("raises_at_import.Provider", "RuntimeError: no licence"), ("bad_syntax.Provider", "SyntaxError"),
            ("leaves.Provider", "SystemExit: leaving"), ("duck.no_class", "not a class"), ("noclass", "module"),
            ("", "provider.module"), ("duck.Useless", "is_running, node_tags")):
        error = host.refused("open", "import", contains=words, **scratch.config(module))
        if module.startswith("raises"):
            check(error.traceback.splitlines()[1].strip().startswith(f'File "{FIXTURES}/raises_at_import.py", line'),
                  f"the traceback: {error.traceback}")
        if module.startswith("bad_syntax"):
            check("bad_syntax.py" in error.traceback, f"where is the mistake? {error.traceback!r}")
    host.refused("open", "import", contains="has no Ray",
                 **{**scratch.config(""), "provider": {"type": "aws"}, "config": {}})
    host.call("open", **scratch.config("simple.SimpleProvider"))
    host.close()


def life_of_a_cluster(scratch):
    host = scratch.opened("simple.SimpleProvider")
    made = host.result(create(host, 2))["nodes"]
    check(made == ["m-1", "m-2"], f"made: {made}")
    head = host.result(create(host, 1, node_type="head", tags=HEAD_TAGS, labels={"zone": "a"}))["nodes"]
    check(head == ["m-3"], f"made: {head}")
    nodes = host.call("list", cluster="one")["nodes"]
    check(nodes[0] == {"id": "m-1", "tags": {"ray-node-type": "worker"}, "running": True, "terminated": False,
                       "internal_ip": "10.0.0.1", "external_ip": None}, f"{nodes[0]}")
    machine = scratch.machines()["m-3"]
    check(machine["tags"] == HEAD_TAGS and machine["labels"] == {"zone": "a"} and machine["resources"] == {"CPU": 4}
          and machine["node_config"] == {"cpus": 2}, f"{machine}")
    check(host.call("set_tags", cluster="one", node="m-3", tags={"ray-node-status": "up-to-date"}) == {"kept": True},
          "the tags were not kept")
    check(scratch.machines()["m-3"]["tags"] == {**HEAD_TAGS, "ray-node-status": "up-to-date"}, "the tags")
    check(host.call("terminate", cluster="one", node="m-1") == {}, "terminate")
    check([node["id"] for node in host.call("list", cluster="one")["nodes"]] == ["m-2", "m-3"], "the list")
    check(host.call("terminate", cluster="one", node="no-such") == {}, "a node that is not listed is gone")
    host.close()


def node_configs(scratch):
    """The type's own settings over those of all workers, and what the request says where there is no such type."""
    host, fields = scratch.host(bare=True), scratch.config("simple.SimpleProvider")
    fields["config"].update(worker_nodes={"disk": 10, "image": "old"}, head_node={"disk": 20})
    host.call("open", **fields)
    for kind, config in (("worker", {"disk": 10, "image": "plain", "cpus": 4}), ("other", {"given": 1})):
        node = host.result(create(host, node_type=kind, node_config={"given": 1}))["nodes"][0]
        check(scratch.machines()[node]["node_config"] == config, f"{kind}: {scratch.machines()[node]}")
    node = host.result(create(host, node_type="head", tags=HEAD_TAGS))["nodes"][0]
    check(scratch.machines()[node]["node_config"] == {"disk": 20, "cpus": 2}, f"{scratch.machines()[node]}")
    host.close()


def clusters_have_instances_of_their_own(scratch):
    host = scratch.opened("simple.SimpleProvider", tags="forgetful")
    host.result(create(host, cluster="one"))
    host.result(create(host, cluster="two"))
    for cluster, node in (("one", "m-1"), ("two", "m-2")):
        nodes = host.call("list", cluster=cluster)["nodes"]
        check([one["id"] for one in nodes] == [node], f"{cluster}: {nodes}")
    check(host.call("set_tags", cluster="one", node="m-1", tags={"a": "b"}) == {"kept": True}, "kept in memory")
    check(host.call("list", cluster="one")["nodes"][0]["tags"]["a"] == "b", "the instance was made anew")
    host.call("open", **scratch.config("simple.SimpleProvider", tags="forgetful"))
    check("a" not in host.call("list", cluster="one")["nodes"][0]["tags"], "the instance outlived `open`")
    host.close()


def tags_that_do_not_stay(scratch):
    scratch.fill(1)
    host = scratch.opened("simple.SimpleProvider", tags="readonly")
    host.refused("set_tags", "unsupported", "set_node_tags", "m-1", cluster="one", node="m-1", tags={"a": "b"})
    host.call("open", **scratch.config("simple.SimpleProvider", tags="deaf"))
    check(host.call("set_tags", cluster="one", node="m-1", tags={"a": "b"}) == {"kept": False}, "kept")
    host.close()


def bootstrap(scratch):
    added = {"auth": {"ssh_private_key": "~/key"}, "provider": {"zone": "a", "file": str(scratch.dir / "other.json")}}
    fields = scratch.config("simple.SimpleProvider", add=added)
    host = scratch.host(bare=True)
    host.call("open", **fields)
    check(host.call("list", cluster="one") == {"nodes": []}, "the list")
    check(host.call("bootstrap") == added, "what bootstrap_config adds")
    check(host.call("bootstrap") == added, "the second time")
    host.result(create(host))
    check((scratch.dir / "other.json").exists() and not scratch.file.exists(), "the instance is not of the new section")
    host.call("open", **{**fields, "known": added})
    check(len(host.call("list", cluster="one")["nodes"]) == 1, "`known` is not merged")
    host.close()


def nothing_is_spoiled(scratch):
    """A class that changes all that it is given changes nothing for later calls."""
    host = scratch.opened("hostile.Spoils")
    for _ in range(2):
        host.result(create(host))
    host.result(create(host, cluster="two"))
    machines = scratch.machines()
    check(all(machine["tags"] == {"ray-node-type": "worker"} and machine["node_config"]["cpus"] == 4
              for machine in machines.values()), f"{machines}")
    check(host.call("bootstrap") == {"auth": {}, "provider": {"zone": "a"}}, "bootstrap")
    node = host.result(create(host))["nodes"][0]
    check(scratch.machines()[node]["node_config"]["image"] == "bootstrapped", "create does not take its node configs")
    head = host.call("prepare_head", cluster="one", config={
        "provider": {"type": "external"}, "available_node_types": {"worker": {"max_workers": 3}, "other": {}}})["config"]
    check(head["provider"] == {"type": "external", "zone": "a"}, f"{head}")
    types = head["available_node_types"]
    check(types["worker"]["max_workers"] == 3 and types["worker"]["node_config"]["image"] == "bootstrapped", f"{head}")
    check(types["other"] == {}, f"{head}")
    host.close()


def resources_and_head(scratch):
    host = scratch.opened("simple.SimpleProvider")
    check(host.call("fillout") == {"resources": {"head": {"CPU": 2}, "worker": {"CPU": 4, "GPU": 1}}}, "fillout")
    config = {"cluster_name": "one", "setup_commands": ["x" * 100000, "\ud800"], "n": [1, 2.5, None, True, {}]}
    back = host.call("prepare_head", cluster="one", config=config)["config"]
    check(back == {**config, "setup_commands": ["x" * 100000, "\ufffd"]}, "prepare_head")
    host.close()


def not_safe(scratch):
    host = scratch.opened("simple.SimpleProvider", safe=False)
    try:
        host.result(create(host))
        check(False, "it was made all the same")
    except Refused as error:
        check(error.kind == "not_safe" and error.method == "safe_to_scale", f"{error}")
    check(scratch.machines() == {}, "a machine is there")
    host.close()


def own_runner(scratch):
    scratch.fill(1)
    host = scratch.opened("simple.SimpleProvider", own_runner=True)
    where = {"cluster": "one", "node": "m-1"}
    check(host.call("runner", **where) == {"own": True}, "runner")
    done = host.call("run", command="echo out; echo err >&2; printf '\\377'; pwd; exit 5 # so", **where)
    home = str(scratch.dir / "homes/m-1")
    check(done["exit"] == 5, f"{done}")
    # Output that is no text is the class's to decode; this one cannot.
    done = host.call("run", command="echo out\necho err >&2\npwd", **where)
    check(done["exit"] == 0 and base64.b64decode(done["out"]).decode() == f"out\nerr\n{home}\n", f"{done}")
    check(host.call("run", command="kill -9 $$", **where)["exit"] == 137, "a signal")
    large = host.call("run", command="head -c 3000000 /dev/zero | tr '\\0' x", **where)
    check(len(base64.b64decode(large["out"])) == 3000000, "much output")
    (scratch.dir / "here").write_text("some data\n")
    check(host.call("put", source=str(scratch.dir / "here"), target="~/a/b", **where) == {}, "put")
    check((scratch.dir / "homes/m-1/a/b").read_text() == "some data\n", "what was put")
    check(host.call("get", source="~/a/b", target=str(scratch.dir / "back"), **where) == {}, "get")
    check((scratch.dir / "back").read_text() == "some data\n", "what was got")
    host.refused("get", "raised", "run_rsync_down", "m-1", source="no-such", target="/nowhere/at/all", **where)
    check(host.call("shell", **where) == {"command": f"cd {home} && exec bash"}, "shell")
    host.close()


def no_own_runner(scratch):
    scratch.fill(1)
    host = scratch.opened("simple.SimpleProvider")
    where = {"cluster": "one", "node": "m-1"}
    check(host.call("runner", **where) == {"own": False}, "runner")
    host.refused("run", "unsupported", "run", "m-1", command="true", **where)
    host.call("open", **scratch.config("duck.DuckProvider"))
    check(host.call("runner", **where) == {"own": False}, "runner of a class without the method")
    host.close()


def single_calls(scratch):
    scratch.fill(2)
    host = scratch.opened("simple.SimpleProvider")

    def value(method, *args):
        answer = host.call("call", cluster="one", method=method, args=list(args))
        check(0 <= answer["seconds"] < 10, f"{answer}")
        return answer["value"]

    check(value("non_terminated_nodes", {"rayctl-node": "w2"}) == ["m-2"], "by tags")
    check(value("is_running", "m-1") is True and value("is_terminated", "m-9") is True, "states")
    check(value("max_terminate_nodes") is None and value("safe_to_scale") is True, "a property, a boolean")
    check(value("get_node_id", "10.0.0.2", True) == "m-2", "get_node_id")
    check(value("set_node_tags", "m-1", {"a": "b"}) is None and value("node_tags", "m-1")["a"] == "b", "tags")
    check("m-3" in value("create_node", {}, {}, 1) and value("terminate_nodes", ["m-3"]) is None, "create")
    check(value("bootstrap_config", {"provider": {}, "x": 1}) == {"provider": {}, "x": 1}, "bootstrap_config")
    host.refused("call", "raised", "node_tags", "m-9", cluster="one", method="node_tags", args=["m-9"])
    host.refused("call", "raised", "is_running", "", cluster="one", method="is_running", args=[])
    host.refused("call", "request", cluster="one", method="get_command_runner", args=[])
    host.refused("call", "request", cluster="one", method="__class__", args=[])
    host.close()


def at_the_same_time(scratch):
    """Slow requests do not stop others; answers come as they are ready."""
    scratch.fill(1)
    host = scratch.opened("simple.SimpleProvider", delay=0.1)
    host.call("list", cluster="one")
    begun = time.monotonic()
    slow = [host.begin("list", cluster="one") for _ in range(10)]
    quick = host.begin("fillout")
    host.result(quick)
    check(not any(number in host.answers for number in slow), "the quick one had to wait")
    for number in slow:
        host.result(number)
    check(time.monotonic() - begun < 4, "one after the other")
    host.close()


def ending_together(scratch):
    """What comes while a call runs goes into one call, as many as the class allows; one bad node stops no other."""
    scratch.fill(8)
    log = scratch.dir / "log"
    host = scratch.opened("hostile.InBatches", log=str(log), slow=0.3, which="m-5")
    calls = lambda: [json.loads(line)[1] for line in log.read_text().splitlines()] if log.exists() else []
    first = host.begin("terminate", cluster="one", node="m-1")
    wait_for(calls, "the first call")
    rest = {node: host.begin("terminate", cluster="one", node=node) for node in ("m-2", "m-3", "m-4", "m-5", "m-6")}
    host.result(first)
    for node, number in rest.items():
        if node != "m-5":
            host.result(number)
    try:
        host.result(rest["m-5"])
        check(False, "m-5 cannot be ended")
    except Refused as error:
        check(error.node == "m-5" and error.kind == "raised" and error.method == "terminate_nodes", f"{error}")
    check(calls()[:3] == [["m-1"], ["m-2", "m-3"], ["m-4", "m-5"]], f"{calls()}")
    check(sorted(scratch.up()) == ["m-5", "m-7", "m-8"], f"{scratch.up()}")
    host.close()


def lost_answers(scratch):
    """An error about a node that is gone afterwards is none."""
    scratch.fill(2)
    host = scratch.opened("hostile.EndsThenRaises")
    check(host.call("terminate", cluster="one", node="m-1") == {}, "terminate")
    host.call("open", **scratch.config("hostile.FailsFor", at="terminate_node", which=["m-2"]))
    host.refused("terminate", "raised", "terminate_node", "m-2", cluster="one", node="m-2")
    host.close()


def nodes_that_go_or_fail(scratch):
    scratch.fill(5)
    host = scratch.opened("hostile.Vanishes", at="node_tags", which=["m-1", "m-3"])
    check([node["id"] for node in host.call("list", cluster="one")["nodes"]] == ["m-2", "m-4", "m-5"],
          "the nodes that vanished meanwhile")
    host.call("open", **scratch.config("hostile.FailsFor", at="is_running", which=["m-2", "m-4", "m-5"]))
    host.refused("list", "raised", "is_running", "m-2", contains="(and 2 other nodes)", cluster="one")
    host.close()


def ducks(scratch):
    """An old class that derives from nothing."""
    host = scratch.host(bare=True)
    said = host.call("open", **scratch.config("duck.DuckProvider"))
    check("is_running" in said["own"] and "is_terminated" not in said["own"], f"{said}")
    check(host.result(create(host, 2)) == {"nodes": None}, "what it made, it does not say")
    nodes = host.call("list", cluster="one")["nodes"]
    check(sorted(node["id"] for node in nodes) == ["d-1", "d-2"], f"{nodes}")
    check(nodes[0]["running"] is True and nodes[0]["terminated"] is False, f"{nodes}")
    check(nodes[0]["external_ip"] is None, f"{nodes}")
    check(host.call("set_tags", cluster="one", node="d-1", tags={"a": "b"}) == {"kept": True}, "set_tags")
    host.call("terminate", cluster="one", node="d-1")
    check(host.call("bootstrap") == {"auth": {}, "provider": {}}, "bootstrap")
    check(host.call("fillout")["resources"]["worker"] == {"GPU": 1}, "fillout")
    check(host.call("prepare_head", cluster="one", config={"a": 1}) == {"config": {"a": 1}}, "prepare_head")
    host.refused("call", "unsupported", "safe_to_scale", cluster="one", method="safe_to_scale", args=[])
    host.close()


def a_thousand_nodes(scratch):
    """What the host adds to the class's own time."""
    (scratch.dir / "many.py").write_text(
        "from ray.autoscaler.node_provider import NodeProvider\n\n"
        "TAGS = {'tag-%d' % n: 'value-%d' % n for n in range(8)}\n\n\n"
        "class Many(NodeProvider):\n"
        "    non_terminated_nodes = lambda self, filters: ['i-%017d' % n for n in range(1000)]\n"
        "    is_running = lambda self, node: True\n    is_terminated = lambda self, node: False\n"
        "    node_tags = lambda self, node: TAGS\n    internal_ip = lambda self, node: '10.0.0.1'\n"
        "    external_ip = lambda self, node: None\n")
    host = scratch.opened("many.Many")
    took = []
    for _ in range(7):
        begun = time.monotonic()
        check(len(host.call("list", cluster="one")["nodes"]) == 1000, "the list")
        took.append(time.monotonic() - begun)
    check(min(took) < 0.5, f"{min(took):.3f} s")
    host.close()
    return f"{min(took) * 1000:.1f} ms with both ends"


def large_requests(scratch):
    """A request of many MB, and one that is more than a line may have."""
    host = scratch.opened("simple.SimpleProvider")
    config = {"texts": ["y" * 60000] * 200}
    check(host.call("prepare_head", cluster="one", config=config)["config"] == config, "12 MB")
    sender = threading.Thread(target=lambda: send_too_much(host), daemon=True)
    sender.start()
    check(host.process.wait(10) == 1, "the exit status")
    wait_for(lambda: b"longer than 64 MiB" in host.words, "its last words")


def send_too_much(host):
    try:
        for _ in range(70):
            host.send_bytes(b"x" * (1 << 20))
    except OSError:
        pass


def slow_reader(scratch):
    """Whole lines from many threads, though nobody reads for a while."""
    host = scratch.opened("simple.SimpleProvider")
    host.call("list", cluster="one")
    reading, sending = host.process.stdout, threading.Barrier(9)
    host.paused.set()
    host.begin("fillout")  # its answer ends the read that has begun
    texts = {letter: {"texts": [letter * 1000] * 300} for letter in "abcdefgh"}
    numbers = {}

    def ask(letter):
        sending.wait()
        numbers[letter] = host.begin("prepare_head", cluster="one", config=texts[letter])

    threads = [threading.Thread(target=ask, args=(letter,)) for letter in texts]
    for thread in threads:
        thread.start()
    sending.wait()
    for thread in threads:
        thread.join()
    check(len(host.answers) < 8 and not reading.closed, "they were read")
    host.paused.clear()
    for letter, number in numbers.items():
        check(host.result(number)["config"] == texts[letter], f"the text of {letter}")
    host.close()


if __name__ == "__main__":
    main(greeting, oldest_python, ends_with_its_input, modules_of_the_working_folder, requests_not_understood, opening,
         classes_that_cannot_be_loaded, life_of_a_cluster, node_configs, clusters_have_instances_of_their_own,
         tags_that_do_not_stay, bootstrap, nothing_is_spoiled, resources_and_head, not_safe, own_runner, no_own_runner,
         single_calls, at_the_same_time, ending_together, lost_answers, nodes_that_go_or_fail, ducks, a_thousand_nodes,
         large_requests, slow_reader)
