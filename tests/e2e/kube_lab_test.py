"""The Kubernetes lab itself: whether it does what the tests of a provider for Kubernetes lean on."""
import hashlib
import json
import os
import subprocess
import time

from harness import check, main
from kube_lab import LAB, RAY_IMAGE, SERVE, KubeLab, enter, get, in_namespace, in_own_namespace, is_open, on_kwok, pod

enter(__file__, "--kwok", "100")
lab = KubeLab()


def phase(space, name):
    return lab.json("-n", space, "get", "pod", name)["status"].get("phase")


def waiting(space, name):
    """Why its container waits; ""."""
    for status in lab.json("-n", space, "get", "pod", name)["status"].get("containerStatuses", []):
        return status["state"].get("waiting", {}).get("reason", "")
    return ""


def ready(node):
    """What a machine says of itself: True, False, Unknown; ""."""
    return next((one["status"] for one in node["status"].get("conditions", []) if one["type"] == "Ready"), "")


def timed(what, begun):
    print(f"     {what}: {time.monotonic() - begun:.1f} s", flush=True)


@in_own_namespace
def pods(_, space):
    begun = time.monotonic()
    lab.create(*in_namespace(space, pod("one"), pod("two", command=SERVE)))
    lab.wait_ready(space, "one", "two")
    timed("two pods ready", begun)
    done = lab.exec(space, "one", "sh", "-c", "echo out; echo err >&2; exit 7", check=False)
    check(done.stdout == b"out\n" and done.returncode == 7 and b"err\n" in done.stderr, f"exec: {done}")
    data = os.urandom(1 << 20)
    told = lab.exec(space, "one", "sha256sum", stdin=data).stdout.split()[0].decode()
    check(told == hashlib.sha256(data).hexdigest(), "stdin does not arrive whole, or does not end")
    check(lab.exec(space, "one", "sh", "-c", "hostname; cat /proc/1/comm; which bash python3 tar").stdout.split() ==
          [b"one", b"sh", b"/usr/bin/bash", b"/usr/bin/python3", b"/usr/bin/tar"], "what is in the image")
    with lab.port_forward(space, "two", 8080) as address:
        check(get(address, "/hostname") == b"two\n", "the forwarded port leads elsewhere")
    ip = lab.json("-n", space, "get", "pod", "two")["status"]["podIP"]
    reach = "import urllib.request as u; print(u.urlopen('http://{}/hostname', timeout=5).read())"
    check(lab.exec(space, "one", "python3", "-c", reach.format(f"{ip}:8080")).stdout == b"b'two\\n'\n", "pod to pod")
    lab.kubectl("-n", space, "expose", "pod", "two", "--port=80", "--target-port=8080")
    service = lab.json("-n", space, "get", "service", "two")["spec"]["clusterIP"]
    lab.until(lambda: lab.exec(space, "one", "python3", "-c", reach.format(service), check=False).stdout,
              what="the service")
    token = "d=/var/run/secrets/kubernetes.io/serviceaccount; test -s $d/token && test -s $d/ca.crt"
    lab.exec(space, "one", "sh", "-c", token)
    check(lab.kubectl("-n", space, "logs", "two").returncode == 0, "logs")
    lab.kubectl("-n", space, "delete", "pod", "one", "two", "--grace-period=1")
    check(lab.items("pods", "-n", space) == [], "pods are left")


@in_own_namespace
def refusals(scratch, space):
    lab.create({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few", "namespace": space},
                "spec": {"hard": {"pods": "2", "requests.cpu": "1"}}},
               {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "most", "namespace": space},
                "spec": {"limits": [{"type": "Container", "max": {"memory": "1Gi"},
                                     "defaultRequest": {"cpu": "10m", "memory": "16Mi"}}]}})
    lab.until(lambda: lab.json("-n", space, "get", "quota", "few").get("status", {}).get("hard"), what="the quota")
    told = lab.refused(lab.create, *in_namespace(space, pod("big", requests={"cpu": "3"})))
    check("exceeded quota: few, requested: requests.cpu=3" in told, f"quota: {told}")
    told = lab.refused(lab.create, *in_namespace(space, pod("wide", limits={"memory": "2Gi"})))
    check("maximum memory usage per Container is 1Gi" in told, f"limit: {told}")
    told = lab.refused(lab.create, *in_namespace(space, pod("Bad_Name")))
    check("is invalid: metadata.name" in told, f"a bad name: {told}")
    lab.create(*in_namespace(space, pod("missing", image="nobody/nothing:1")))
    lab.until(lambda: waiting(space, "missing") in ("ErrImagePull", "ImagePullBackOff"), what="the missing image")
    check(phase(space, "missing") == "Pending", "it runs without an image")
    crash = pod("crash", command=["sh", "-c", "exit 3"])
    crash["spec"]["restartPolicy"] = "Always"
    lab.create(*in_namespace(space, crash))
    # The event; kubelet writes the reason into the status ten seconds later.
    lab.until(lambda: lab.items("events", "-n", space, "--field-selector=reason=BackOff,involvedObject.name=crash"),
              what="the crash loop")
    lab.kubectl("-n", space, "delete", "quota", "few")
    lab.until(lambda: lab.refused(lab.create, *in_namespace(space, pod("huge", requests={"cpu": "640"}))) == "",
              what="the end of the quota")
    lab.until(lambda: "Insufficient cpu" in json.dumps(lab.json("-n", space, "get", "pod", "huge")["status"]),
              what="unschedulable")
    other = lab.user(scratch.dir, "token", space, "robot")
    told = lab.refused(other.kubectl, "-n", space, "get", "pods")
    check("(Forbidden)" in told and f"system:serviceaccount:{space}:robot" in told, f"no right to list: {told}")
    lab.kubectl("-n", space, "create", "rolebinding", "robot", "--clusterrole=edit", f"--serviceaccount={space}:robot")
    lab.until(lambda: other.refused(other.kubectl, "-n", space, "get", "pods") == "", what="the right to list")
    check("(Forbidden)" in other.refused(other.kubectl, "get", "nodes"), "it may list nodes")


@in_own_namespace
def identities(scratch, space):
    def names_itself(words, name):
        told = lab.user(scratch.dir, *words).json("auth", "whoami")["status"]["userInfo"]["username"]
        check(told == name, f"{words}: {told}")

    account = f"system:serviceaccount:{space}:robot"
    names_itself(["token", space, "robot"], account)
    names_itself(["--seconds", "20", "token", space, "robot"], account)
    names_itself(["exec", space, "robot"], account)
    names_itself(["certificate", "anna", "builders"], "anna")
    names_itself(["--server", os.environ["KUBELAB_FRONT"], "token", space, "robot"], account)
    for words in (["--seconds", "-70", "token", space, "robot"], ["--seconds", "-70", "certificate", "anna"]):
        late = lab.user(scratch.dir, *words)
        told = late.refused(late.kubectl, "auth", "whoami")
        check("Unauthorized" in told or "must be logged in" in told or "certificate" in told, f"{words}: {told}")
    mode = [oct(file.stat().st_mode & 0o777) for file in scratch.dir.glob("kubeconfig-*")]
    check(set(mode) == {"0o600"}, f"others may read it: {mode}")


@in_own_namespace
def played(_, space):
    begun = time.monotonic()
    lab.until(lambda: [ready(one) for one in lab.items("nodes", "-l", "type=kwok")] == ["True"] * 100, what="machines")
    lab.create(*in_namespace(space, *[on_kwok(pod(f"p{i}")) for i in range(100)]))
    lab.until(lambda: len(lab.items("pods", "-n", space, "--field-selector=status.phase=Running")) == 100,
              what="100 pods")
    timed("100 pods on kwok's machines", begun)
    check(len({one["spec"]["nodeName"] for one in lab.items("pods", "-n", space)}) > 20, "they are on few machines")
    lab.kubectl("delete", "--raw", f"/api/v1/namespaces/{space}/pods")
    lab.until(lambda: lab.items("pods", "-n", space) == [], what="the end of the pods")
    timed("and they are gone", begun)


@in_own_namespace
def api_server_stops(_, space):
    lab.create(*in_namespace(space, pod("one")))
    lab.wait_ready(space, "one")
    with lab.without("apiserver"):
        check(not is_open(6443), "it listens")
        check("refused" in lab.refused(lab.kubectl, "get", "pods"), "it answers")
        begun = time.monotonic()
    timed("the API server's start", begun)
    check(phase(space, "one") == "Running", "the pod is not there")
    lab.until(lambda: lab.exec(space, "one", "true", check=False).returncode == 0, what="exec")
    with lab.without("apiserver", ("hang", "go")):
        begun = time.monotonic()
        check(lab.refused(lab.kubectl, "get", "pods", "--request-timeout=1s"), "it answers")
        check(time.monotonic() - begun > 1, "it has refused")
    lab.until(lambda: lab.kubectl("get", "pods", check=False).returncode == 0, what="the API server")


@in_own_namespace
def the_machine_dies(_, space):
    lab.create(*in_namespace(space, pod("one", tolerations=[
        {"key": f"node.kubernetes.io/{why}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 1}
        for why in ("unreachable", "not-ready")])))
    lab.wait_ready(space, "one")
    begun = time.monotonic()
    with lab.without("node"):
        check(lab.exec(space, "one", "true", check=False).returncode != 0, "it still runs")
        lab.until(lambda: ready(lab.json("get", "node", "node-1")) == "Unknown", 40, "the machine's silence")
        timed("until its silence is seen", begun)
        lab.until(lambda: "deletionTimestamp" in lab.json("-n", space, "get", "pod", "one")["metadata"],
                  what="the eviction")
    lab.until(lambda: ready(lab.json("get", "node", "node-1")) == "True", what="the machine")
    lab.until(lambda: lab.items("pods", "-n", space) == [], what="the end of the pod")


@in_own_namespace
def ray(_, space):
    def start(name, *words):
        lab.exec(space, name, "ray", "start", *words, "--num-cpus=1", "--object-store-memory=100000000",
                 "--disable-usage-stats")

    begun = time.monotonic()
    names = ["head", "worker-1", "worker-2"]
    lab.create(*in_namespace(space, *[pod(name, image=RAY_IMAGE, memory="512Mi", requests={"memory": "512Mi"})
                                      for name in names]))
    lab.wait_ready(space, *names)
    timed("three pods ready", begun)
    head = lab.json("-n", space, "get", "pod", "head")["status"]["podIP"]
    start("head", "--head", "--port=6379", f"--node-ip-address={head}", "--include-dashboard=false")
    timed("the head runs", begun)
    for name in names[1:]:
        start(name, f"--address={head}:6379")
    job = "import ray, socket, time\n" \
          "ray.init(address='auto', log_to_driver=False)\n" \
          "while sum(node['Alive'] for node in ray.nodes()) < 3: time.sleep(0.1)\n" \
          "@ray.remote(num_cpus=1)\n" \
          "def where(): time.sleep(1); return socket.gethostname()\n" \
          "print(*sorted(set(ray.get([where.remote() for _ in range(3)]))))\n"
    told = lab.exec(space, "head", "python3", "-", stdin=job.encode()).stdout.decode().split("\n")
    check(" ".join(names) in told, f"the job ran at {told}")
    timed("a job on all three", begun)


def labs_side_by_side(_):
    """Another lab, at the same time, that ends by itself."""
    script = "kubectl get namespaces -o name; readlink /proc/self/ns/net; ip route get 192.0.2.1 | head -n 1"
    env = {name: value for name, value in os.environ.items() if not name.startswith("KUBE")}
    begun = time.monotonic()
    done = subprocess.run([LAB, "run", "--no-real", "sh", "-c", script], env=env, text=True, capture_output=True,
                          timeout=60, check=False)
    timed("a lab without a machine", begun)
    check(done.returncode == 0 and "namespace/default" in done.stdout, f"{done}")
    check(os.readlink("/proc/self/ns/net") not in done.stdout, "it is the same network")


print(f"     the lab is up after {time.time() - float(os.environ['KUBELAB_BEGUN']):.1f} s", flush=True)
main(pods, refusals, identities, played, api_server_stops, ray, labs_side_by_side, the_machine_dies)
