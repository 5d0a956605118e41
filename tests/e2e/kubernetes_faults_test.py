"""What an API server may answer, and connections that break: each apply converges by itself or says what is wrong, and
the next one converges. No pod is made twice, and `down` leaves nothing. On kwok's machines, without Ray."""
import functools
import json
import time

from harness import check, main
from kube_lab import KubeLab, enter
from kube_rounds import KILLED, play

enter(__file__, "--kwok", "5", "--no-real")
lab = KubeLab()
MAKING = ("patch serviceaccounts", "patch roles", "patch rolebindings", "patch services", "create pods")
READING = ("list pods", "get namespaces", "get serviceaccounts", "get roles", "get rolebindings", "get services")
ENDING = ("delete pods", "delete serviceaccounts", "delete roles", "delete rolebindings", "delete services")
WATCHING = ({"kind": "gone"}, {"kind": "drop", "seconds": 0.1}, {"kind": "cut", "bytes": 100},
            {"kind": "error", "status": 500}, {"kind": "error", "status": 429, "retry_after": 1})
OBJECTS = ["serviceaccounts", "services"]
RBAC = ["roles", "rolebindings"]
injected = []


def inject(one, action, **what):
    injected.append(what.get("count", 1))
    one.fault(action, **what)


def no_trouble(one, kind):
    """Every call that makes or ends something meets it once, and so does one of each reading call."""
    for action in MAKING + READING:
        inject(one, action, **kind)
    one.apply()
    check(not one.unmet(), f"nobody met {one.unmet()}")
    for action in ENDING + READING[:1]:
        inject(one, action, **kind)
    one.down()


def calls_that_break(scratch):
    """Lost, cut, slow answers, throttling and failures of the server: none of them is anybody's trouble."""
    play(lab, scratch, [(name, functools.partial(no_trouble, kind=kind)) for name, kind in (
        ("throttled", {"kind": "error", "status": 429, "retry_after": 1}),
        ("failing", {"kind": "error", "status": 500}),
        ("unavailable", {"kind": "error", "status": 503}),
        ("lost", {"kind": "lost-answer"}),
        ("unheard", {"kind": "no-answer-before"}),
        ("slow", {"kind": "slow", "seconds": 0.3}))])
    print(f"     {sum(injected)} faults", flush=True)


def rules(without=""):
    """What an operator needs in a namespace that is there, but for exec and port-forward, which kwok's pods do not have;
    `without`: "create pods"."""
    wanted = [(["pods"], "", ["get", "list", "create", "patch", "delete"]),
              (OBJECTS, "", ["get", "create", "patch", "delete"]),
              (RBAC, "rbac.authorization.k8s.io", ["get", "create", "patch", "delete", "bind", "escalate"]),
              (["namespaces"], "", ["get"])]
    all_rules = []
    for resources, group, verbs in wanted:
        for resource in resources:
            left = [verb for verb in verbs if f"{verb} {resource}" != without]
            all_rules.append({"apiGroups": [group], "resources": [resource], "verbs": left})
    return all_rules


def one_right_less(one, right):
    verb, resource = right.split()
    if verb == "delete":
        one.apply()
    done = one.run("down" if verb == "delete" else "apply")
    check(done.status in (4, 6), f"exit {done.status}:\n{done.text}")
    done.says(f'cannot {verb} resource "{resource}"')
    lab.kubectl("patch", "clusterrole", one.name, "--type=merge", "-p", json.dumps({"rules": rules()}))
    if verb != "delete":
        one.apply()
    one.down()


def rights(scratch):
    """The rights of providers/kubernetes/README.md are enough, and one less is named."""
    table = [("enough", lambda one: (one.apply(), one.down()), {"rights": rules()})]
    for right in ("create pods", "list pods", "delete pods", "get services", "create services", "patch roles",
                  "delete rolebindings", "create serviceaccounts"):
        table.append((right.replace(" ", "-"), functools.partial(one_right_less, right=right), {"rights": rules(right)}))
    play(lab, scratch, table)


def a_quota(one):
    lab.create({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few", "namespace": one.name},
                "spec": {"hard": {"pods": "0"}}})
    lab.until(lambda: lab.json("-n", one.name, "get", "resourcequota", "few")["status"].get("used"), what="the quota")
    done = one.run("apply")
    check(done.status == 6, f"exit {done.status}:\n{done.text}")
    done.says("exceeded quota: few")
    check(one.pods() == [], f"{len(one.pods())} pods")
    lab.kubectl("-n", one.name, "delete", "resourcequota", "few")
    one.apply()
    one.down()


def nobody_takes_it(one):
    """A pod that no machine takes says so while it is waited for."""
    path = one.dir / "cluster.yaml"
    path.write_text(path.read_text().replace("cpu: 1}", "cpu: 1000}"))
    one.told("apply", "Insufficient cpu")
    one.down()


def watches_that_break(one):
    """What an apply waits for comes by a watch: one that is cut, forgotten or refused makes it list anew."""
    path = one.dir / "cluster.yaml"
    path.write_text(path.read_text().replace("{type: kwok}", "{type: kwok, open: later}"))
    process = one.begin("apply")
    lab.until(lambda: len(one.pods()) == 3, what="the pods")
    for kind in WATCHING:
        inject(one, "watch pods", **kind)
        for pod in one.pods():  # something that the watch tells
            lab.kubectl("-n", one.name, "annotate", "pod", pod["metadata"]["name"], "--overwrite", f"seen={kind['kind']}")
        lab.until(lambda: not one.unmet(), what=f"the end of {one.unmet()}")
    lab.kubectl("label", "node", "kwok-1", "open=later")
    lab.until(lambda: all(pod["status"]["phase"] == "Running" for pod in one.pods()), what="the machine")
    check(process.poll() is None, "the apply has not waited")
    process.kill()
    process.communicate()
    one.only_once()
    one.down()


def a_machine_goes_away(one):
    """Its pods are evicted; the next apply makes others, elsewhere."""
    path = one.dir / "cluster.yaml"
    path.write_text(path.read_text().replace("{type: kwok}", "{type: kwok, away: soon}"))
    lab.kubectl("label", "node", "kwok-2", "kwok-3", "away=soon")
    one.apply()
    lab.kubectl("taint", "node", "kwok-2", "gone=true:NoExecute")
    lab.until(lambda: {pod["spec"].get("nodeName") for pod in one.pods()} <= {"kwok-3"}, what="the eviction")
    gone = 3 - len(one.pods())
    check(gone > 0, "no pod was on the machine that went")
    one.apply(made=3 + gone)
    one.down()


def an_expired_token(one):
    """A program gives tokens; the one in use is refused in the midst of an apply."""
    inject(one, "patch services", kind="slow", seconds=1)
    process = one.begin("apply", RAYCTL_CRASH_AT=one.launched())
    lab.until(lambda: not one.unmet() or process.poll() is not None, what="the midst")
    lab.expire(one.who)
    out, err = process.communicate(timeout=90)
    check(process.returncode == KILLED, f"exit {process.returncode}: {out}{err}")
    refused = [line for line in lab.log() if line["who"] == one.who and line["status"] == 401]
    check(refused, "no token was refused")
    one.only_once()
    one.down()


def others_in_our_namespace(one):
    one.apply()
    lab.kubectl("-n", one.name, "create", "configmap", "theirs")
    done = one.run("down")
    check(done.status == 0, done.text)
    left = lab.json("get", "namespace", one.name)
    check("rayctl-cluster-id" not in left["metadata"].get("labels", {}), "it is still labelled as ours")
    check(lab.json("-n", one.name, "get", "configmap", "theirs"), "theirs is gone")


def a_finalizer(one):
    """A Service that somebody holds: `down` waits for it, and goes on when it is let go."""
    one.apply()
    lab.kubectl("-n", one.name, "patch", "service", "head", "--type=merge", "-p",
                '{"metadata": {"finalizers": ["example.com/hold"]}}')
    process = one.begin("down")
    lab.until(lambda: "deletionTimestamp" in lab.json("-n", one.name, "get", "service", "head")["metadata"],
              what="the deletion")
    time.sleep(2)
    check(process.poll() is None, "it did not wait")
    lab.kubectl("-n", one.name, "patch", "service", "head", "--type=merge", "-p", '{"metadata": {"finalizers": null}}')
    out, err = process.communicate(timeout=90)
    check(process.returncode == 0, f"exit {process.returncode}: {out}{err}")
    one.gone()


def a_field_of_others(one):
    """Argo owns the Service's selector: it is shown, and not taken."""
    one.apply()
    patch = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "head", "namespace": one.name},
             "spec": {"selector": {"a": "theirs"}}}
    lab.kubectl("apply", "--server-side", "--force-conflicts", "--field-manager=argocd-controller", "-f", "-",
                stdin=json.dumps(patch).encode())
    done = one.run("apply")
    done.says("argocd-controller")
    service = lab.json("-n", one.name, "get", "service", "head")
    check(service["spec"]["selector"] == {"a": "theirs"}, f"{service['spec']}")
    one.down()


def what_people_meet(scratch):
    play(lab, scratch, [("quota", a_quota), ("unschedulable", nobody_takes_it),
                        ("watches", watches_that_break), ("machine", a_machine_goes_away),
                        ("expired", an_expired_token, {"login": "exec"}),
                        ("ours", lambda one: (one.apply(), one.down()), {"own_space": True}),
                        ("theirs", others_in_our_namespace, {"own_space": True}), ("held", a_finalizer),
                        ("argo", a_field_of_others)])


def the_api_server_is_started_anew(scratch):
    def restarted(one):
        process = one.begin("apply", RAYCTL_CRASH_AT=one.launched())
        lab.component("stop", "apiserver")
        time.sleep(2)
        lab.component("start", "apiserver")
        out, err = process.communicate(timeout=120)
        if process.returncode != KILLED:
            one.apply()
        one.only_once()
        one.down()
        print(f"     the apply {'went on' if process.returncode == KILLED else 'was run again'}", flush=True)

    play(lab, scratch, [("restarted", restarted)])


main(calls_that_break, rights, what_people_meet, the_api_server_is_started_anew)
