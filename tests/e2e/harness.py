"""What the end-to-end tests share: a scratch folder with a state of its own, the program, and a look at the nodes."""
import concurrent.futures
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

RAYCTL = os.environ["RAYCTL"]
SOURCE = pathlib.Path(os.environ["RAYCTL_SOURCE_DIR"])

PLAIN = """\
cluster_name: {name}
max_workers: 8
provider: {{type: process}}
available_node_types:
  head: {{node_config: {{command: [sleep, "{seconds}"]}}}}
  worker: {{min_workers: {workers}, max_workers: 8, node_config: {{command: [sleep, "{seconds}"]}}}}
head_node_type: head
file_mounts: {{"~/app": ./app}}
setup_commands: ["{setup}"]
"""


class Failure(AssertionError):
    pass


def check(condition, message):
    if not condition:
        raise Failure(message)


# What a killed run had begun and not ended, the next one closes, at so many points more; or it had begun nothing.
MORE_OR_LESS = 5


def killed_at(one, command, number, total=None):
    """Runs a command of a round that dies at that crash point, of about `total`; whether it did. One of the last few may
    not be there: the run has then come to its end."""
    done = one.run(command, RAYCTL_CRASH_AT=str(number))
    may_end = total is not None and number > total - MORE_OR_LESS
    check(done.status == -signal.SIGKILL or may_end and done.status == 0,
          f"{command} was not killed at {number}: exit {done.status}\n{done.text}")
    return done.status != 0


class Scratch:
    """A folder for one test: YAML files, state and node homes. `close` ends every node that is still there."""

    def __init__(self, **env):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="rayctl-e2e."))
        (self.dir / "app").mkdir()
        (self.dir / "app" / "data.txt").write_text("one\n")
        self.env = {**os.environ, "XDG_STATE_HOME": str(self.dir / "state"), "NO_COLOR": "1", "CI": "true", **env}

    def plain(self, name="plain", workers=2, seconds=600, setup="echo $RAYCTL_NODE_NAME >> ~/setup.log"):
        """Writes cluster.yaml: a cluster of plain long-lived processes instead of Ray."""
        text = PLAIN.format(name=name, workers=workers, seconds=seconds, setup=setup)
        (self.dir / "cluster.yaml").write_text(text)

    def run(self, *words, status=0, timeout=300, program=RAYCTL, **env):
        """Runs rayctl; `status` is the exit status expected (None: any). Returns the finished process."""
        done = subprocess.run([program, *words], cwd=self.dir, env={**self.env, **env}, text=True, capture_output=True,
                              timeout=timeout, stdin=subprocess.DEVNULL)
        if status is not None and done.returncode != status:
            raise Failure(f"{os.path.basename(program)} {' '.join(words)}: exit {done.returncode}, expected {status}\n"
                          f"--- stdout\n{done.stdout}--- stderr\n{done.stderr}")
        return done

    def json(self, *words, **options):
        return json.loads(self.run(*words, "--json", **options).stdout)

    def homes(self):
        """The folders of the nodes that are there, by the stable name in their tags."""
        found = {}
        for tags in sorted(self.dir.glob("state/rayctl/nodes/*/*/.rayctl/tags.json")):
            names = json.loads(tags.read_text())
            found.setdefault(names.get("rayctl-node", "?"), []).append(tags.parent.parent)
        return found

    def processes(self):
        """Every process that belongs to a node of this folder, by pid: its command line."""
        found = {}
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                environ = (entry / "environ").read_bytes()
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            except OSError:
                continue
            if f"RAYCTL_NODE_DIR={self.dir}".encode() in environ and command:
                found[int(entry.name)] = command
        return found

    def empty_plan(self, program=RAYCTL):
        done = self.run("plan", "cluster.yaml", "--detailed-exitcode", status=None, program=program)
        check(done.returncode == 0, f"the plan is not empty (exit {done.returncode}):\n{done.stdout}{done.stderr}")

    def close(self):
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        shutil.rmtree(self.dir, ignore_errors=True)


def main(*tests, prepare=None, at_once=1):
    """Runs the tests, so many at once, each in a scratch folder of its own; with `prepare`, which is given it first, one
    after the other in one folder, where the first test makes what the others need. The closing line counts them."""
    wanted = sys.argv[1:]
    shared = Scratch() if prepare else None

    def run(test):
        scratch, begun = shared or Scratch(), time.monotonic()
        try:
            test(scratch)
            print(f"ok   {test.__name__} ({time.monotonic() - begun:.1f} s)", flush=True)
            return True
        except Exception:  # a failed test must not hide the others
            print(f"FAIL {test.__name__}\n{traceback.format_exc()}", flush=True)
            return False
        finally:
            if not shared:
                scratch.close()

    chosen = [test for test in tests if not wanted or test.__name__ in wanted or (shared and test is tests[0])]
    try:
        if prepare:
            prepare(shared)
        if at_once == 1:
            results = [run(test) for test in chosen]
        else:
            with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
                results = list(pool.map(run, chosen))
    finally:
        if shared:
            shared.close()
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    sys.exit(0 if results and all(results) else 1)
