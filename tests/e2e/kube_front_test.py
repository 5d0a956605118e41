"""The front of the Kubernetes lab: whether what tests ask to go wrong goes wrong, and nothing else."""
import contextlib
import hashlib
import json
import os
import pathlib
import subprocess
import time

from harness import check, main
from kube_lab import SERVE, KubeLab, enter, get, in_namespace, in_own_namespace, on_kwok, pod

enter(__file__)
lab = KubeLab()


@contextlib.contextmanager
def fault(action, **what):
    """What is done meanwhile meets it."""
    lab.fault(action, **what)
    yield
    check(lab.faults() == [], f"nobody met the fault: {lab.faults()}")


@in_own_namespace
def faults(scratch, space):
    front = lab.through_front()
    # kubectl repeats what has failed by itself; curl does not.
    token = pathlib.Path(lab.front_config).read_text().split("token: ")[1].split("}")[0]
    rules = scratch.dir / "curl"
    rules.write_text(f'header = "Authorization: Bearer {token}"\ncacert = "{lab.dir}/pki/ca.crt"\n')
    rules.chmod(0o600)

    def curl(path, *words, body=None):
        """(curl's exit status, the answer's status, headers, body)"""
        if body is not None:
            words = (*words, "--json", json.dumps(body))
        done = subprocess.run(["curl", "-sS", "-D", scratch.dir / "head", "-K", rules, "--max-time", "20", *words,
                               os.environ["KUBELAB_FRONT"] + path], capture_output=True, check=False)
        head = (scratch.dir / "head").read_text() if done.returncode in (0, 18, 28) else ""
        return done.returncode, int(head.split()[1]) if head else 0, head, done.stdout

    where = f"/api/v1/namespaces/{space}/pods"
    lab.reset_calls()
    check(curl(where)[1] == 200, "it does not pass")
    for status, reason in ((409, "Conflict"), (410, "Expired"), (429, "TooManyRequests"), (500, "InternalError"),
                           (503, "ServiceUnavailable")):
        with fault("create pods", status=status, retry_after=2 if status == 429 else 0):
            _, told, head, text = curl(where, body=on_kwok(pod("x")))
            check(told == status and json.loads(text)["reason"] == reason, f"{status}: {head}{text}")
            check(("Retry-After: 2" in head) == (status == 429), f"{status}: {head}")
    with fault("create pods", kind="no-answer-before"):
        check(curl(where, body=on_kwok(pod("a")))[:2] == (52, 0), "it was answered")
    check(lab.items("pods", "-n", space) == [], "something was made")
    with fault("create pods", kind="lost-answer"):
        check(curl(where, body=on_kwok(pod("a")))[:2] == (52, 0), "it was answered")
    check(curl(where, body=on_kwok(pod("a")))[1] == 409, "the lost call had made nothing")
    with fault("list pods", kind="cut", bytes=40):
        code, _, _, text = curl(where)
        check(code == 18 and len(text) == 40, f"it was not cut: {code} {text}")
    with fault("list pods", kind="garbage"):
        check(b"<html>" in curl(where)[3], "it is an answer")
    with fault("list pods", kind="slow", seconds=0.5):
        begun = time.monotonic()
        check(curl(where)[1] == 200 and time.monotonic() - begun > 0.5, "it was fast")
    with fault("get pods", kind="trickle", rate=200, path="/a$"):
        check(curl(f"{where}/a", "--max-time", "2")[0] == 28, "it was fast")
    with fault("get pods", kind="hang"):
        check(curl(f"{where}/a", "--max-time", "2")[:2] == (28, 0), "it was answered")
    with fault("watch pods", kind="gone"):
        check(json.loads(curl(f"{where}?watch=1")[3])["object"]["code"] == 410, "the watch goes on")
    with fault("watch pods", kind="drop", seconds=0.5):
        code, status, _, text = curl(f"{where}?watch=1")
        check(code in (18, 56) and json.loads(text.splitlines()[0])["type"] == "ADDED", f"the watch: {code} {text}")
    with fault("*", who="nobody"):
        check(curl(where)[1] == 200, "somebody else met it")
        lab.clear()
    with fault("list pods", skip=1, count=2):
        check([curl(where)[1] for _ in range(4)] == [200, 500, 500, 200], "skip and count")
    counts = lab.calls("front-admin")
    check(counts["create pods"] == 8 and counts["watch pods"] == 2, f"{counts}")
    robot = lab.user(scratch.dir, "--server", os.environ["KUBELAB_FRONT"], "token", space, "robot")
    check("(Forbidden)" in robot.refused(robot.kubectl, "get", "pods"), "the robot has rights")
    lab.expire(f"{space}:robot")
    check("must be logged in" in robot.refused(robot.kubectl, "get", "pods"), "its token is good")
    again = lab.user(scratch.dir, "--server", os.environ["KUBELAB_FRONT"], "token", space, "robot")
    check("(Forbidden)" in again.refused(again.kubectl, "get", "pods"), "a new token is refused")
    check(token not in (lab.dir / "calls.jsonl").read_text(), "the log has a token")
    check(front.kubectl("-n", space, "delete", "pod", "a").returncode == 0, "kubectl does not get through")


@in_own_namespace
def streams(_, space):
    """What lasts goes through the front, and breaks there when asked."""
    front = lab.through_front()
    lab.create(*in_namespace(space, pod("one", command=SERVE)))
    front.wait_ready(space, "one")
    data = os.urandom(4 << 20)
    done = front.exec(space, "one", "sh", "-c", "sha256sum; exit 5", stdin=data, check=False)
    check(done.returncode == 5 and done.stdout.split()[0].decode() == hashlib.sha256(data).hexdigest(), f"{done}")
    check(len(front.exec(space, "one", "head", "-c", "4000000", "/dev/zero").stdout) == 4000000, "not all of it came")
    with front.port_forward(space, "one", 8080) as address:
        check(get(address, "/hostname") == b"one\n", "the forwarded port leads elsewhere")
    # kubectl opens a WebSocket, which is a GET.
    with fault("get pods/exec", kind="drop", seconds=0.5):
        begun = time.monotonic()
        done = front.exec(space, "one", "sleep", "20", check=False)
        check(done.returncode != 0 and time.monotonic() - begun < 10, f"the exec goes on: {done}")
    # After a WebSocket it tries SPDY, with a POST.
    lab.fault(path="/exec$", status=403, count=-1)
    check(front.exec(space, "one", "true", check=False).returncode != 0, "the exec is allowed")
    lab.clear()
    check(front.exec(space, "one", "true").returncode == 0, "the fault stays")
    check(not any("sleep" in call["path"] for call in lab.log()), "the log has a command")


main(faults, streams)
