"""What the end-to-end tests know of the Kubernetes lab (fixtures/kubelab). They run inside it: `enter(__file__)` sees
to that."""
import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

SOURCE = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = SOURCE / "fixtures/kubelab"
LAB = FIXTURES / "kubelab.sh"
IMAGE, RAY_IMAGE = "rayctl-lab:1", "ray:lab"
SERVE = ["python3", "-m", "http.server", "--directory", "/etc", "8080"]
FOREVER = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done"]


def enter(program, *flags):
    """Starts the program anew in a lab of its own, unless it is in one already."""
    if "KUBELAB" not in os.environ:
        os.environ["KUBELAB_BEGUN"] = str(time.time())
        os.execv(LAB, [str(LAB), "run", *flags, sys.executable, str(program), *sys.argv[1:]])


class Refused(Exception):
    """kubectl has failed. args: what it wrote to stderr."""


class KubeLab:
    """The lab that this process is in, asked by its administrator unless `config` is somebody else's kubeconfig. What
    the front is told is described in fixtures/kubelab/README.md."""

    def __init__(self, config=None):
        self.dir = pathlib.Path(os.environ["KUBELAB"])
        self.config = str(config or os.environ["KUBECONFIG"])
        self.front_config = os.environ["KUBELAB_FRONT_CONFIG"]
        self._control = os.environ["KUBELAB_CONTROL"]

    # --- the cluster ---

    def kubectl(self, *words, stdin=None, check=True, timeout=120):
        """The finished process; raises Refused unless `check` is false. `stdin`: bytes."""
        done = subprocess.run(["kubectl", "--kubeconfig", self.config, *map(str, words)], capture_output=True,
                              timeout=timeout, check=False,
                              **({"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}))
        if check and done.returncode != 0:
            raise Refused(done.stderr.decode())
        return done

    def json(self, *words):
        return json.loads(self.kubectl(*words, "-o", "json").stdout)

    def items(self, *words):
        return self.json("get", *words)["items"]

    def create(self, *objects):
        """Objects as dictionaries, in one call."""
        return self.kubectl("create", "-f", "-", stdin=_documents(objects))

    def apply(self, *objects):
        return self.kubectl("apply", "-f", "-", stdin=_documents(objects))

    def refused(self, act, *words, **more):
        """What kubectl says where it fails; ""."""
        try:
            act(*words, **more)
        except Refused as refused:
            return str(refused)
        return ""

    def namespace(self, name):
        """A new one, in which pods can be made at once."""
        self.kubectl("create", "namespace", name)
        self.until(lambda: self.kubectl("-n", name, "get", "serviceaccount", "default", check=False).returncode == 0,
                   what="the namespace's account")
        return name

    def forget(self, name):
        """Ends a namespace and all that is in it, at once; its own end is not waited for."""
        self.kubectl("-n", name, "delete", "pod", "--all", "--grace-period=0", "--force", check=False)
        self.kubectl("delete", "namespace", name, "--wait=false")

    def exec(self, namespace, pod, *words, stdin=None, check=True):
        flags = ["-i"] if stdin is not None else []
        return self.kubectl("-n", namespace, "exec", *flags, pod, "--", *words, stdin=stdin, check=check)

    def wait_ready(self, namespace, *pods, seconds=60):
        self.kubectl("-n", namespace, "wait", "--for=condition=Ready", *[f"pod/{pod}" for pod in pods],
                     f"--timeout={seconds}s", timeout=seconds + 10)

    @contextlib.contextmanager
    def port_forward(self, namespace, pod, port):
        """The address on this side, as (host, port)."""
        words = ["kubectl", "--kubeconfig", self.config, "-n", namespace, "port-forward", f"pod/{pod}", f":{port}"]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as forward:
            try:
                line = forward.stdout.readline()  # Forwarding from 127.0.0.1:41735 -> 8080
                if not line.startswith("Forwarding from "):
                    raise Refused(line + forward.stdout.read())
                host, local = line.split()[2].rsplit(":", 1)
                yield host, int(local)
            finally:
                forward.terminate()

    # --- others than the administrator ---

    def user(self, folder, *words):
        """A lab as somebody else sees it. `words`: of kubeconfig.sh, without the file: "token", "ns", "account"."""
        file = pathlib.Path(folder, f"kubeconfig-{time.monotonic_ns()}")
        subprocess.run([FIXTURES / "kubeconfig.sh", *map(str, words), file], check=True)
        return KubeLab(file)

    def through_front(self):
        """The administrator, by way of the front."""
        return KubeLab(self.front_config)

    # --- what runs the lab ---

    @staticmethod
    def component(act, name):
        """act: stop, start, hang, go; a name as kubelab.sh has them."""
        subprocess.run([LAB, "component", act, name], check=True)

    @contextlib.contextmanager
    def without(self, name, how=("stop", "start")):
        """While that part is stopped, or hangs: ("hang", "go")."""
        self.component(how[0], name)
        try:
            yield
        finally:
            self.component(how[1], name)

    # --- the front ---

    def _ask(self, method, what, body=None):
        data = None if body is None else json.dumps(body).encode()
        try:
            request = urllib.request.Request(f"{self._control}/{what}", data=data, method=method)
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise ValueError(error.read().decode()) from None

    def fault(self, action="*", **what):
        """The next calls of that action ("create pods") go wrong: kind=, status=, count=, path=, ... ."""
        self._ask("POST", "fault", {"action": action, **what})

    def faults(self):
        """Those that nobody has met yet."""
        return self._ask("GET", "fault")

    def clear(self):
        """Nothing goes wrong any more, and no token is expired."""
        self._ask("POST", "clear", {})

    def expire(self, who):
        """Every token of "namespace:account" that the front has seen is refused from now on."""
        self._ask("POST", "expire", {"who": who})

    def calls(self, who=None):
        """{action: how often} through the front since the last reset, of everybody or of one caller."""
        counts = {action: sum(n for name, n in by_caller.items() if who in (None, name))
                  for action, by_caller in self._ask("GET", "calls").items()}
        return {action: n for action, n in counts.items() if n}

    def reset_calls(self):
        self._ask("POST", "calls/reset", {})

    def log(self):
        """Every call through the front: [{"action", "path", "status", "who", "fault", "ms", ...}]"""
        return [json.loads(line) for line in (self.dir / "calls.jsonl").read_text().splitlines()]

    @staticmethod
    def until(condition, seconds=30, what="it"):
        """Waits until the condition is true, and gives what it gave."""
        until = time.monotonic() + seconds
        while True:
            got = condition()
            if got:
                return got
            if time.monotonic() > until:
                raise TimeoutError(f"{what} did not come within {seconds} s")
            time.sleep(0.05)


def in_own_namespace(test):
    """Each test has one, named after it, which is gone afterwards."""
    lab = KubeLab()

    def run(scratch):
        name = test.__name__.replace("_", "-")
        lab.clear()
        lab.namespace(name)
        try:
            test(scratch, name)
        finally:
            lab.clear()
            lab.forget(name)
    run.__name__ = test.__name__
    return run


def pod(name, image=IMAGE, command=None, requests=None, limits=None, memory=None, **spec):
    """A pod as a dictionary: one container that stays until it is told to end. `memory`: of its /dev/shm."""
    container = {"name": "main", "image": image, "command": command or FOREVER,
                 "resources": {"requests": requests or {}, "limits": limits or {}}}
    if memory:
        container["volumeMounts"] = [{"name": "memory", "mountPath": "/dev/shm"}]
        spec["volumes"] = [{"name": "memory", "emptyDir": {"medium": "Memory", "sizeLimit": memory}}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}},
            "spec": {"containers": [container], "restartPolicy": "Never", "terminationGracePeriodSeconds": 2, **spec}}


def in_namespace(namespace, *objects):
    for one in objects:
        one["metadata"]["namespace"] = namespace
    return objects


def on_kwok(thing):
    """The pod, where only kwok's machines can have it."""
    thing["spec"]["nodeSelector"] = {"type": "kwok"}
    thing["spec"]["tolerations"] = [{"key": "type", "operator": "Equal", "value": "kwok", "effect": "NoSchedule"}]
    return thing


def get(address, path="/", timeout=10):
    """The body of what an HTTP server there answers."""
    with urllib.request.urlopen(f"http://{address[0]}:{address[1]}{path}", timeout=timeout) as answer:
        return answer.read()


def is_open(port):
    with contextlib.closing(socket.socket()) as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def _documents(objects):
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}).encode()
