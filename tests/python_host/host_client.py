"""Starts the provider host as rayctl does, and speaks its protocol: docs/formats/provider_host.md."""
import json
import os
import pathlib
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

SOURCE = pathlib.Path(__file__).resolve().parents[2]
HOST = "".join(part.read_text("ascii") for part in sorted((SOURCE / "providers/python/host").glob("[1-9]_*.py")))
FIXTURES = SOURCE / "fixtures/python_providers"
LOADER = ("import sys;exec(compile(sys.stdin.buffer.read(int(sys.stdin.buffer.readline())),"
          "'rayctl_provider_host.py','exec'))")
PYTHON = os.environ.get("RAYCTL_PYTHON", sys.executable)
PATIENCE = 20


class Failure(AssertionError):
    pass


def check(condition, message):
    if not condition:
        raise Failure(message)


def wait_for(condition, message, seconds=PATIENCE):
    until = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < until, f"not within {seconds} s: {message}")
        time.sleep(0.01)


class Refused(Exception):
    """An answer of the kind `error`."""

    def __init__(self, error):
        Exception.__init__(self, json.dumps(error)[:3000])
        self.__dict__.update(error)


class Ended(Exception):
    """The host went away before it answered."""


class Host:
    """A host, and what it said. `bare`: without the site packages, so that there is no Ray."""

    def __init__(self, python=PYTHON, bare=False, env=None, folder=None):
        begun = time.monotonic()
        self.process = subprocess.Popen(
            [python, *(["-S"] if bare else []), "-c", LOADER], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True, cwd=folder or "/",
            env={**os.environ, "RAY_USAGE_STATS_ENABLED": "0", "PYTHONDONTWRITEBYTECODE": "1", **(env or {})})
        text = HOST.encode()
        self.send_bytes(b"%d\n" % len(text) + text)
        self.sending, self.id, self.words, self.stray = threading.Lock(), 0, b"", []
        self.answers, self.answered = {}, threading.Condition()
        self.over, self.paused = False, threading.Event()  # paused: reads no answers
        self.greeting = self.process.stdout.readline()
        self.seconds = time.monotonic() - begun
        for loop in (self.read_answers, self.read_words):
            threading.Thread(target=loop, daemon=True).start()

    # The pipes.

    def send_bytes(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def read_answers(self):
        for line in self.process.stdout:
            while self.paused.is_set():
                time.sleep(0.01)
            try:
                answer = json.loads(line.decode("ascii"))
                check(isinstance(answer, dict) and ("ok" in answer) != ("error" in answer), "neither ok nor error")
            except (ValueError, Failure):
                self.stray.append(line)
                continue
            with self.answered:
                self.answers.setdefault(answer["id"], []).append(answer)
                self.answered.notify_all()
        with self.answered:
            self.over = True
            self.answered.notify_all()

    def read_words(self):
        while piece := os.read(self.process.stderr.fileno(), 1 << 16):
            self.words += piece

    # Requests.

    def begin(self, op, seconds=PATIENCE, **fields):
        """Sends a request; its number."""
        with self.sending:
            self.id += 1
            request = {"id": self.id, "op": op, "seconds": seconds, **fields}
            self.send_bytes(json.dumps(request).encode() + b"\n")
            return request["id"]

    def result(self, number, patience=PATIENCE):
        """The answer to a request: what is in `ok`, or a Refused."""
        with self.answered:
            came = self.answered.wait_for(lambda: self.over or number in self.answers, patience)
            if number not in self.answers:
                raise Ended() if came else Failure(f"no answer to {number} within {patience} s: {self.words[-2000:]!r}")
            answer = self.answers[number][0]
        if "error" in answer:
            raise Refused(answer["error"])
        return answer["ok"]

    def call(self, op, seconds=PATIENCE, **fields):
        return self.result(self.begin(op, seconds, **fields), seconds + 5)

    def refused(self, op, kind, method=None, node=None, /, contains="", **fields):
        """The error of a request that must fail, of that kind, about that method and node."""
        try:
            answer = self.call(op, **fields)
        except Refused as error:
            check(error.kind == kind, f"{op}: {error.kind}, expected {kind}: {error}")
            check(method is None or error.method == method, f"{op}: about {error.method}, expected {method}: {error}")
            check(node is None or error.node == node, f"{op}: about {error.node!r}, expected {node!r}: {error}")
            check(contains in error.message, f"{op}: not `{contains}` in: {error}")
            check("\n" not in error.message and len(error.message) < 4000, f"{op}: not one short line: {error}")
            check("rayctl_provider_host.py" not in error.traceback, f"{op}: the host is in the traceback: {error}")
            return error
        raise Failure(f"{op} did not fail with {kind}: {json.dumps(answer)[:1000]}")

    def kill(self):
        """What rayctl does when it is done with it: the whole group ends."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        return self.process.wait()

    def close(self):
        """Tells it to end, and sees that it does."""
        check(self.call("close") == {}, "close")
        check(self.process.wait(PATIENCE) == 0, f"exit status {self.process.returncode}")
        check(not self.stray, f"lines that are no answers: {self.stray[:3]}")
        self.kill()


class Scratch:
    """A folder for one test, and the hosts that it started."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="rayctl-host."))
        self.file = self.dir / "machines.json"
        self.hosts = []

    def host(self, **options):
        self.hosts.append(Host(**options))
        return self.hosts[-1]

    def config(self, module, types=None, **provider):
        """The fields of `open` for a class of the fixtures."""
        section = {"type": "external", "module": module, "file": str(self.file), **provider}
        types = types or {"head": {"node_config": {"cpus": 2}, "resources": {}},
                          "worker": {"node_config": {"cpus": 4, "image": "plain"}, "resources": {"GPU": 1}}}
        return {"provider": section, "known": None, "paths": [str(FIXTURES), str(self.dir)],
                "config": {"cluster_name": "one", "provider": section, "auth": {"ssh_user": "ubuntu"},
                           "available_node_types": types, "head_node_type": "head"}}

    def opened(self, module, options=None, **provider):
        """A host with that class opened."""
        host = self.host(**(options or {"bare": True}))
        host.call("open", **self.config(module, **provider))
        return host

    def machines(self):
        return json.loads(self.file.read_text()) if self.file.exists() else {}

    def up(self):
        return [name for name, machine in self.machines().items() if machine["state"] == "up"]

    def fill(self, count, cluster="one"):
        """Makes machines without any host."""
        self.file.write_text(json.dumps({f"m-{number}": {
            "cluster": cluster, "state": "up", "ip": f"10.0.{number >> 8}.{number & 255}", "made": 0,
            "tags": {"ray-node-type": "worker", "ray-cluster-name": cluster, "rayctl-node": f"w{number}"},
            "node_config": {}, "resources": {}, "labels": {}} for number in range(1, count + 1)}))

    def close(self):
        for host in self.hosts:
            host.kill()
        shutil.rmtree(self.dir, ignore_errors=True)


def create(host, count=1, cluster="one", seconds=PATIENCE, **more):
    """The fields that every `create` of these tests has."""
    fields = {"node_type": "worker", "node_config": {}, "tags": {"ray-node-type": "worker"}, "count": count,
              "resources": {"CPU": 4}, "labels": {}, "cluster": cluster, **more}
    return host.begin("create", seconds, **fields)


def main(*tests):
    """Runs the tests, or those that the command line names, each in a folder of its own."""
    wanted, failed = sys.argv[1:], 0
    chosen = [test for test in tests if not wanted or test.__name__ in wanted]
    for test in chosen:
        scratch, begun = Scratch(), time.monotonic()
        try:
            said = test(scratch)
            print(f"ok   {test.__name__} ({time.monotonic() - begun:.1f} s){': ' + said if said else ''}", flush=True)
        except Exception:  # a failed test must not hide the others
            failed += 1
            print(f"FAIL {test.__name__}\n{traceback.format_exc()}", flush=True)
            for host in scratch.hosts:
                print(f"     the host printed: {host.words[-2000:]!r}", flush=True)
        finally:
            scratch.close()
    print(f"{len(chosen) - failed} passed, {failed} failed")
    sys.exit(1 if failed or not chosen else 0)
