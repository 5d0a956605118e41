"""Rounds of the tests of what goes wrong on a cloud: clusters without Ray, each with a name, a caller, a home and a state
of its own, so that several go at the same time and meet only the faults meant for them."""
import collections
import concurrent.futures
import json
import os
import signal
import subprocess
import traceback

from harness import RAYCTL, Failure, check

SET_UP_FAILED = "RAYCTL-0207"
KILLED = -signal.SIGKILL


class Outcome:
    """How an apply or a down ended."""

    def __init__(self, done):
        events = []
        for line in done.stdout.splitlines():
            try:
                events.append(json.loads(line))
            except ValueError:
                pass  # a killed run may end in the middle of a line
        told = [one for one in events if one.get("type") in ("step-ended", "summary", "error") and one.get("error", 1)]
        self.status, self.text = done.returncode, "\n".join(json.dumps(one) for one in told) + "\n" + done.stderr
        verbs = {one["step"]: one["verb"] for one in events if one.get("type") == "step-begun"}
        self.failed = [(verbs[one["step"]], one["error"]["code"], one["error"]["message"]) for one in events
                       if one.get("type") == "step-ended" and one["outcome"] == "failed"]

    @property
    def other_failures(self):
        """But for the set-ups, which have to fail."""
        return [one for one in self.failed if one[:2] != ("set-up-node", SET_UP_FAILED)]

    def says(self, *words):
        for word in words:
            check(word in self.text, f"it does not say {word}:\n{self.text}")


class CloudRound:
    """`who` is whom the lab knows the caller by; `text` the file, whose set-up fails."""

    def __init__(self, lab, scratch, name, who, text, **env):
        self.lab, self.name, self.dir, self.who = lab, name, scratch.dir / name, who
        (self.dir / "home").mkdir(parents=True)
        (self.dir / "cluster.yaml").write_text(text)
        self.env = {**os.environ, "XDG_STATE_HOME": str(self.dir / "state"), "NO_COLOR": "1", "CI": "true",
                    "HOME": str(self.dir / "home"), **env}

    def ever(self):
        """Every machine that was made for this cluster, the ended ones too."""
        raise NotImplementedError

    def machines(self):
        """Those that run or will, as the cloud shows them."""
        raise NotImplementedError

    def name_of(self, machine):
        """The node that it is tagged with."""
        raise NotImplementedError

    def left(self):
        """{kind: [things that bear its name]}"""
        raise NotImplementedError

    def begin(self, command, **env):
        return subprocess.Popen([RAYCTL, command, "cluster.yaml", "--yes", "--json"], cwd=self.dir,
                                env={**self.env, **env}, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def run(self, command, timeout=90, **env):
        process = self.begin(command, **env)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise TimeoutError(f"{command} of {self.name}: not done after {timeout} s\n{out}{err}") from None
        return Outcome(subprocess.CompletedProcess((), process.returncode, out, err))

    def points(self, command):
        """The crash points that the run passes, by verb in their order."""
        counter = self.dir / "points"
        counter.unlink(missing_ok=True)
        self.run(command, RAYCTL_CRASH_COUNT_FILE=str(counter))
        return [line.split(":")[0] for line in counter.read_text().splitlines()]

    def fault(self, action=None, **what):
        self.lab.fault(action, who=self.who, **what)

    def unmet(self):
        return [one for one in self.lab.faults() if one["who"] == self.who]

    def apply(self, made=3):
        """An apply that ends by kill -9 as the set-up of the last node begins, when all machines are there."""
        done = self.run("apply", RAYCTL_CRASH_AT="set-up-node:begin:before:3")
        check(done.status == KILLED and not done.other_failures, f"exit {done.status}: {done.text}")
        self.whole(made)

    def apply_on(self, made):
        """An apply to its end, where a set-up failed before: it takes the workers one by one."""
        done = self.run("apply")
        check(done.status == 6 and not done.other_failures, f"exit {done.status}: {done.text}")
        self.whole(made)

    def only_once(self):
        """The wanted machines are there, each once; they may be shown only after a while."""
        self.lab.until(lambda: len(self.machines()) == 3, 5, f"three machines of {self.name}")
        names = collections.Counter(self.name_of(one) for one in self.machines())
        kinds = collections.Counter(str(name).rpartition("-")[0] for name in names)
        check(kinds == {"head": 1, "worker": 2} and set(names.values()) == {1}, f"{self.name} has {dict(names)}")

    def whole(self, made=3):
        """The same, and so many were made in all; None: whatever it is."""
        self.only_once()
        check(made in (None, len(self.ever())), f"{self.name}: {len(self.ever())} machines were ever made, not {made}")

    def down(self):
        done = self.run("down")
        check(done.status == 0, f"down: exit {done.status}: {done.text}")
        self.gone()

    def gone(self):
        """Nothing is left of it: no machine, nothing that bears its name, no key."""
        check(not self.machines(), f"machines are left: {self.machines()}")
        left = self.left()
        check(not any(left.values()), f"left: {left}")
        keys = [file.name for file in (self.dir / "home").glob(".ssh/ray-autoscaler*")]
        check(not keys, f"key files are left: {keys}")

    def killed_in(self, command, action, seconds=0.4, skip=0):
        """Ends the run while it waits for the answer to that call, which is done all the same, later."""
        self.fault(action, kind="slow", seconds=seconds, skip=skip)
        process = self.begin(command)
        self.lab.until(lambda: not self.unmet() or process.poll() is not None, what=f"{action} of {self.name}")
        process.kill()
        out, err = process.communicate()
        check(process.returncode == KILLED and not self.unmet(), f"{command} made no {action}:\n{out}{err}")


def play_rounds(make, table, at_once=4):
    """Each row is (name, test, what `make` takes after the name); so many go at the same time, and all of them to their
    end."""
    def one_round(name, test, **what):
        try:
            one = make(name, **what)
            test(one)
            check(not one.unmet(), f"nobody met {one.unmet()}")
        except Exception as error:  # the other rounds go on
            return f"{name}: {error if isinstance(error, Failure) else traceback.format_exc()}"
        return ""

    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        told = list(pool.map(lambda row: one_round(row[0], row[1], **(row[2] if len(row) > 2 else {})), table))
    failed = [one for one in told if one]
    check(not failed, f"{len(failed)} of {len(table)} rounds failed\n" + "\n".join(failed))
