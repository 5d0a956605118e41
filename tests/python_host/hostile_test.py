"""Classes that print, raise, hang, leave and lie: every request has one answer that is true, or the host is gone."""
import os
import pathlib
import signal
import time

from host_client import Ended, Failure, Refused, check, create, main, wait_for

ONE = {"cluster": "one", "node": "m-1"}


def opened(scratch, name, **provider):
    return scratch.opened("hostile." + name, **provider)


def prints(scratch):
    """What looks like an answer on standard output is none."""
    scratch.fill(1)
    host = opened(scratch, "Prints")
    host.call("list", cluster="one")
    host.result(create(host))
    host.call("set_tags", tags={"a": "b"}, **ONE)
    check(not host.stray and all(len(answers) == 1 for answers in host.answers.values()), "more lines than answers")
    for words in (b'{"id": 1, "ok": {"nodes": []}}\n', b'{"id": 2, "ok": {}}\n', b"from a child\n", b"to standard"):
        wait_for(lambda: words in host.words, f"{words} on standard error")
    host.close()


def meddles(scratch):
    """Signal handlers, another folder, no standard files, an empty environment."""
    scratch.fill(1)
    host = opened(scratch, "Meddles")
    for _ in range(3):
        check(len(host.call("list", cluster="one")["nodes"]) == 1, "the list")
    os.kill(host.process.pid, signal.SIGINT)
    check(host.call("terminate", **ONE) == {}, "terminate")
    host.refused("call", "raised", "node_tags", cluster="one", method="node_tags", args=["m-9"])
    host.close()


def forks(scratch):
    """A forked child that comes back from the method answers nothing."""
    scratch.fill(2)
    host = opened(scratch, "Forks", at="node_tags")
    check(len(host.call("list", cluster="one")["nodes"]) == 2, "the list")
    host.call("open", **scratch.config("hostile.Forks", at="non_terminated_nodes"))
    host.result(create(host))
    check(len(scratch.machines()) == 3, "the child made one, too")
    check(all(len(answers) == 1 for answers in host.answers.values()), "two answers")
    host.close()


def leaks(scratch):
    """Threads and children that stay keep neither the host alive nor its pipes open."""
    scratch.fill(2)
    host = opened(scratch, "Leaks", at="terminate_node")
    host.call("terminate", **ONE)
    pipes = {os.readlink(f"/proc/self/fd/{file.fileno()}") for file in (host.process.stdin, host.process.stdout)}
    children = [int(stat.parent.name) for stat in pathlib.Path("/proc").glob("[0-9]*/stat")
                if stat.read_text().rsplit(")", 1)[1].split()[1] == str(host.process.pid)]
    check(len(children) == 3, f"{children}")
    for child in children:
        held = lambda: {os.readlink(fd) for fd in pathlib.Path(f"/proc/{child}/fd").iterdir()}
        wait_for(lambda: not held() & pipes, "a child lets go of the pipes")
    host.close()
    host = opened(scratch, "Leaks", at="terminate_node")
    host.call("terminate", cluster="one", node="m-2")
    host.process.stdin.close()
    check(host.process.wait(5) == 0, "the end of its input")


def raises_everywhere(scratch):
    """In each method, and what the answer says of it."""
    scratch.fill(1)
    host = opened(scratch, "Raises", at="non_terminated_nodes")
    host.refused("list", "raised", "non_terminated_nodes", "", contains="ValueError: boom in non_term", cluster="one")
    where = {"list": {"cluster": "one"}, "set_tags": {"tags": {"a": "b"}, **ONE}, "terminate": ONE, "runner": ONE,
             "call": {"cluster": "one", "method": "post_process", "args": []},
             "prepare_head": {"cluster": "one", "config": {}}, "bootstrap": {},
             "create": {"cluster": "one", "node_type": "worker", "node_config": {}, "tags": {}, "count": 1,
                        "resources": {}, "labels": {}}}
    for op, method, node in (
            ("list", "is_running", "m-1"), ("list", "is_terminated", "m-1"), ("list", "node_tags", "m-1"),
            ("list", "internal_ip", "m-1"), ("list", "external_ip", "m-1"), ("list", "__init__", ""),
            ("set_tags", "set_node_tags", "m-1"), ("set_tags", "node_tags", "m-1"),
            ("terminate", "terminate_node", "m-1"), ("call", "post_process", ""),
            ("prepare_head", "prepare_for_head_node", ""), ("runner", "get_command_runner", "m-1"),
            ("bootstrap", "bootstrap_config", ""), ("create", "safe_to_scale", ""),
            ("create", "create_node_with_resources_and_labels", ""), ("create", "post_process", "")):
        scratch.fill(1)
        host.call("open", **scratch.config("hostile.Raises", at=method))
        error = host.refused(op, "raised", method, node, contains=f"ValueError: boom in {method}", **where[op])
        first = error.traceback.splitlines()[1]
        check("hostile.py" in first and error.traceback.startswith("Traceback"), f"{method}: {error.traceback}")
        made = len(scratch.machines()) - 1
        check(made == (method == "post_process" and op == "create"), f"{method}: {made} machines made")
    host.close()


def raises_all_kinds(scratch):
    scratch.fill(1)
    host = opened(scratch, "Raises", at="node_tags")
    for error, kind, words in (
            ("SystemExit", "raised", "SystemExit: 3"), ("KeyboardInterrupt", "raised", "KeyboardInterrupt"),
            ("GeneratorExit", "raised", "GeneratorExit"), ("MemoryError", "raised", "MemoryError"),
            ("Unprintable", "raised", "hostile.Unprintable: (it cannot be printed: ValueError)"),
            ("NotImplementedError", "unsupported", "NotImplementedError"), ("recursion", "raised", "RecursionError"),
            ("lines", "raised", "ValueError: first second third \x00\ufffd"), ("long", "raised", "ValueError: xxxx"),
            ("chain", "raised", "RuntimeError: no zone"), ("AssertionError", "raised", "AssertionError: read only"),
            ("launch", "raised", "QuotaExceeded")):
        host.call("open", **scratch.config("hostile.Raises", at="node_tags", error=error))
        found = host.refused("list", kind, "node_tags", "m-1", contains=words, cluster="one")
        check(len(found.traceback) < 40000, f"{error}: a traceback of {len(found.traceback)}")
        check(error != "chain" or "KeyError" in found.traceback, f"no cause: {found.traceback}")
    host.call("open", **scratch.config("hostile.Raises", at="set_node_tags", error="AssertionError"))
    host.refused("set_tags", "unsupported", "set_node_tags", "m-1", tags={"a": "b"}, **ONE)
    host.call("open", **scratch.config("hostile.Raises", at="create_node_with_resources_and_labels", error="launch"))
    try:
        host.result(create(host))
        check(False, "create did not fail")
    except Refused as found:
        check((found.kind, found.category, found.description)
              == ("launch", "QuotaExceeded", "no more machines of this kind"), f"{found}")
    # What is optional may be missing.
    for method, key, value in (("external_ip", "external_ip", None), ("is_terminated", "terminated", False)):
        host.call("open", **scratch.config("hostile.Raises", at=method, error="NotImplementedError"))
        node = host.call("list", cluster="one")["nodes"][0]
        check(node[key] is value, f"{method}: {node}")
    host.call("open", **scratch.config("hostile.Raises", at="is_running", error="NotImplementedError"))
    host.refused("list", "unsupported", "is_running", "m-1", cluster="one")
    host.close()


def raises_only_later(scratch):
    scratch.fill(2)
    host = opened(scratch, "Raises", at="node_tags", second=True)
    host.refused("list", "raised", "node_tags", "m-2", contains="boom in node_tags", cluster="one")
    host.call("open", **scratch.config("hostile.Raises", at="terminate_node", late=True))
    check(host.call("terminate", **ONE) == {}, "an error after the work was done")
    host.call("open", **scratch.config("hostile.Raises", at="create_node_with_resources_and_labels", late=True))
    try:
        host.result(create(host, 2))
        check(False, "create did not fail")
    except Refused as error:
        check(error.kind == "raised", f"{error}")
    check(len(scratch.up()) == 3, "the machines that it made all the same")
    check(len(host.call("list", cluster="one")["nodes"]) == 3, "they can be found")
    host.close()


def hangs(scratch):
    """The host says where, and goes on working."""
    scratch.fill(1)
    host = opened(scratch, "Hangs", at="node_tags")
    begun = time.monotonic()
    error = host.refused("list", "deadline", "node_tags", "m-1", contains="0.3 s", cluster="one", seconds=0.3)
    check(0.25 < time.monotonic() - begun < 3, f"after {time.monotonic() - begun:.1f} s")
    check("wait_for_ever" in error.traceback and "time.sleep" in error.traceback, f"{error.traceback}")
    check("hostile.py" in error.traceback.splitlines()[1], f"{error.traceback}")
    check(host.call("terminate", **ONE) == {}, "another request")
    host.close()
    # One that collects changes for post_process takes one request at a time.
    scratch.fill(1)
    host = opened(scratch, "HangsAndCollects", at="node_tags")
    host.begin("list", cluster="one")
    wait_for(lambda: b"hanging" in host.words, "the first request")
    error = host.refused("terminate", "deadline", "node_tags", seconds=0.2, **ONE)
    check("wait_for_ever" in error.traceback, f"{error.traceback}")
    host.kill()
    for module, method in (("HangsAtStart", "__init__"), ("Hangs", "non_terminated_nodes")):
        host = opened(scratch, module, at=method)
        error = host.refused("list", "deadline", method, "", cluster="one", seconds=0.2)
        check("wait_for_ever" in error.traceback, f"{error.traceback}")
        host.kill()


def hangs_at_import(scratch):
    (scratch.dir / "slow.py").write_text("import time\n\nwhile True:\n    time.sleep(0.05)\n")
    host = scratch.host(bare=True)
    error = host.refused("open", "deadline", seconds=0.2, **scratch.config("slow.Class"))
    check("slow.py" in error.traceback, f"{error.traceback}")
    host.close()


def late_answers_are_dropped(scratch):
    scratch.fill(1)
    host = opened(scratch, "Hostile", at="none", delay=0.3)
    number = host.begin("list", 0.1, cluster="one")
    try:
        host.result(number)
        check(False, "in time?")
    except Refused as error:
        check(error.kind == "deadline", f"{error}")
    # A request whose time is over begins no further call.
    number = create(host, seconds=0.1)
    try:
        host.result(number)
        check(False, "in time?")
    except Refused as error:
        check(error.kind == "deadline" and error.method == "non_terminated_nodes", f"{error}")
    host.call("list", cluster="one")
    check(len(scratch.machines()) == 1, "it was made after the deadline")
    check(all(len(answers) == 1 for answers in host.answers.values()), "two answers")
    host.close()


def holds_the_interpreter(scratch):
    """The host cannot even say that time is over: whoever started it ends its group."""
    scratch.fill(1)
    hosts = [opened(scratch, "HoldsInterpreter", at="node_tags", how=how) for how in ("regex", "power")]
    numbers = [host.begin("list", 0.2, cluster="one") for host in hosts]
    time.sleep(0.8)
    for host, number in zip(hosts, numbers):
        check(number not in host.answers, "it did answer")
        check(host.kill() == -signal.SIGKILL, "killed")


def ends_in_create(scratch):
    """No answer where the process is gone; what was made by then can be found by the next host."""
    for how, when, made in (("exit", "before", 0), ("_exit", "before", 0), ("kill", "before", 0), ("exit", "after", 1),
                            ("_exit", "after", 1), ("kill", "after", 1)):
        scratch.file.unlink(missing_ok=True)
        host = opened(scratch, "Quits", how=how, when=when)
        try:
            host.result(create(host))
            check(False, f"{how}: an answer")
        except Refused as error:
            check(how == "exit" and error.kind == "raised" and "SystemExit: 3" in error.message, f"{how}: {error}")
        except Ended:
            check(host.process.wait(5) == (3 if how == "_exit" else -signal.SIGKILL), f"{how}: the exit status")
        again = opened(scratch, "Hostile")
        check(len(again.call("list", cluster="one")["nodes"]) == made, f"{how} {when}: lost or doubled")
        host.kill()
        again.close()


# What Strange returns for a method, and what comes of it: a value, or the words of a `type` error.
VALUES = {
    "non_terminated_nodes": {
        "ids": ["m-1"], "tuple": ["m-1"], "set": ["m-1"], "generator": ["m-1"], "keys": ["m-1"], "list": [],
        "text ids": ["m-1"], "none": "None", "text": "str", "bytes": "bytes", "seven": "int", "mapping": "dict",
        "int ids": "int",
        "none ids": "None", "bytes ids": "bytes", "silent": "hostile.Silent", "silent ids": "hostile.Silent",
        "object": "object", "empty ids": "an empty text", "surrogate ids": "no valid Unicode", "class": "type",
        "function": "function"},
    "is_running": {
        "true": True, "one": True, "scalar true": True, "none": "None", "seven": "int", "text": "str", "float": "float",
        "silent": "hostile.Silent", "scalar": "hostile.Scalar", "ids": "list"},
    "node_tags": {
        "mapping": "dict", "none": "None", "ids": "list", "text": "str", "silent": "hostile.Silent", "int tags": "int",
        "none tags": "None", "nested tags": "dict", "deep tags": "list", "bytes tags": "bytes",
        "silent tags": "hostile.Silent", "looped": "dict", "object": "object",
        "tags": {"a": "True", "b": "5", "c": "1.5", "d": "6", "e": "plain"},
        "surrogate tags": {"a\ufffd": "b\U00010000"}},
    "internal_ip": {
        "text": "m-1", "none": None, "empty": None, "seven": "int", "bytes": "bytes", "ids": "list",
        "silent": "hostile.Silent"},
    "max_terminate_nodes": {
        "none": None, "seven": 7, "true": "bool", "float": "float", "text": "str", "silent": "hostile.Silent"},
    "create_node_with_resources_and_labels": {
        "none": None, "mapping": {"m-1": {}}, "ids": "list", "text": "str", "true": "bool", "silent": "hostile.Silent"},
    "set_node_tags": {"none": None, "true": "bool"},
    "safe_to_scale": {"true": True, "none": "None", "text": "str"},
    "bootstrap_config": {
        "none": "None", "ids": "list", "nan": "none at all", "deep": "nested", "objects": "object", "looped": "nested",
        "large": "too large", "int keys": {"provider": {"1": 2, "type": "x"}}, "silent": "hostile.Silent"},
}
ARGUMENTS = {"non_terminated_nodes": [{}], "is_running": ["m-1"], "node_tags": ["m-1"], "internal_ip": ["m-1"],
             "create_node_with_resources_and_labels": [{}, {}, 1, {}, {}], "set_node_tags": ["m-1", {}],
             "bootstrap_config": [{"provider": {}}]}


def strange_answers(scratch):
    host = scratch.host(bare=True)
    count = 0
    for method, values in VALUES.items():
        for value, expected in values.items():
            scratch.fill(1)
            fields = scratch.config("hostile.Strange", at=method, value=value)
            host.call("open", **fields)
            arguments = ARGUMENTS.get(method, [])
            if method == "bootstrap_config":
                arguments = [{"provider": fields["provider"]}]
            request = {"cluster": "one", "method": method, "args": arguments}
            told = isinstance(expected, str) and expected != "m-1"
            node = "m-1" if arguments[:1] == ["m-1"] else ""
            if told:
                host.refused("call", "type", method, node, contains=expected, **request)
            else:
                found = host.call("call", **request)["value"]
                check(found == expected and type(found) is type(expected), f"{method}, {value}: {found!r}")
            count += 1
    host.call("open", **scratch.config("hostile.Strange", at="node_tags", value="table"))
    host.refused("list", "raised", "node_tags", "m-1", contains="these items", cluster="one")
    host.call("open", **scratch.config("hostile.Strange", at="non_terminated_nodes", value="broken"))
    host.refused("list", "raised", "non_terminated_nodes", "", contains="the connection is gone", cluster="one")
    host.call("open", **scratch.config("hostile.Strange", at="get_command_runner", value="seven"))
    host.refused("run", "type", "get_command_runner", "m-1", contains="int", command="true", **ONE)
    host.close()
    return f"{count} values"


def strange_answers_in_operations(scratch):
    """The same checks hold where rayctl itself asks; what was made by then is not lost."""
    scratch.fill(1)
    host = opened(scratch, "Strange", at="create_node_with_resources_and_labels", value="text")
    try:
        host.result(create(host))
        check(False, "create did not fail")
    except Refused as error:
        check(error.kind == "type" and "str" in error.message, f"{error}")
    check(len(host.call("list", cluster="one")["nodes"]) == 2, "the machine is lost")
    host.call("open", **scratch.config("hostile.Strange", at="max_terminate_nodes", value="true"))
    host.refused("terminate", "type", "max_terminate_nodes", "m-1", contains="bool", **ONE)
    host.refused("terminate", "type", "max_terminate_nodes", "m-1", contains="bool", **ONE)
    host.call("open", **scratch.config("hostile.Strange", at="bootstrap_config", value="mapping"))
    host.refused("bootstrap", "type", "bootstrap_config", contains="provider")
    host.close()


def large_answers(scratch):
    scratch.fill(1)
    host = scratch.host(bare=True)
    for method, value, kind, node in (("node_tags", "10 MB tag", "too_large", "m-1"),
                                      ("non_terminated_nodes", "10 MB id", "too_large", "")):
        host.call("open", **scratch.config("hostile.Strange", at=method, value=value))
        host.refused("list", kind, method, node, contains="64 KiB", cluster="one")
    request = {"cluster": "one", "method": "non_terminated_nodes", "args": [{}]}
    host.call("open", **scratch.config("hostile.Strange", at="non_terminated_nodes", value="10 MB of ids"))
    check(len(host.call("call", **request)["value"]) == 200000, "10 MB of ids")
    host.call("open", **scratch.config("hostile.Strange", at="non_terminated_nodes", value="70 MB of ids"))
    host.refused("call", "too_large", contains="64 MiB", **{**request})
    host.call("open", **scratch.config("hostile.Strange", at="non_terminated_nodes", value="endless ids"))
    host.refused("call", "too_large", "non_terminated_nodes", contains="more than 1000000", **request)
    host.close()


def a_constructor_that_works_later(scratch):
    """A constructor that raised is tried again."""
    scratch.fill(1)
    flag = scratch.dir / "flag"
    (scratch.dir / "later.py").write_text(
        "import os\nfrom simple import SimpleProvider\n\n\nclass Later(SimpleProvider):\n"
        "    def __init__(self, provider_config, cluster_name):\n"
        f"        if not os.path.exists({str(flag)!r}):\n            raise OSError('not yet')\n"
        "        SimpleProvider.__init__(self, provider_config, cluster_name)\n")
    host = scratch.opened("later.Later")
    host.refused("list", "raised", "__init__", contains="not yet", cluster="one")
    flag.touch()
    check(len(host.call("list", cluster="one")["nodes"]) == 1, "the list")
    host.close()


def gone_with_all_nodes(scratch):
    """Every node vanishes while it is asked about: an empty list, and no error."""
    scratch.fill(50)
    host = opened(scratch, "Vanishes", at="is_running")
    check(host.call("list", cluster="one") == {"nodes": []}, "the list")
    host.close()


if __name__ == "__main__":
    main(prints, meddles, forks, leaks, raises_everywhere, raises_all_kinds, raises_only_later, hangs, hangs_at_import,
         late_answers_are_dropped, holds_the_interpreter, ends_in_create, strange_answers,
         strange_answers_in_operations, large_answers, a_constructor_that_works_later, gone_with_all_nodes)
