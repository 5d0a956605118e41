"""The autoscaler beside the head on GCP, in the GCP lab, on Ray's own example: with nothing but the head's service account
and the cluster's own key it launches what a job waits for, and ends it afterwards."""
from cloud_changes import write
from gcp_lab import CLIENT
from gcp_project import KEY, KEYS, cleaned, down, lab, labels, ray_example
from harness import check, main

JOB = """\
import ray

ray.init(log_to_driver=False)

@ray.remote(num_cpus=2)
def where():
    import socket, time
    time.sleep(3)
    return socket.gethostname()

print("ran on", len(set(ray.get([where.remote() for _ in range(3)]))))
"""
INSERT, DELETE = "compute.instances.insert", "compute.instances.delete"
ON = ("PROVISIONING", "STAGING", "RUNNING")


def machines(kind):
    return [one for one in lab.instances(*ON) if labels(one)["ray-node-type"] == kind]


def verbs_of_plan(scratch):
    return {step["action"]["verb"] for step in scratch.json("plan", "cluster.yaml")["steps"]}


@cleaned
def launches_with_the_heads_account(scratch):
    """A head of two CPUs, and three tasks that want two each: from no worker to two and back."""
    write(scratch, ray_example(workers=0, idle="0.1"))
    (scratch.dir / "job.py").write_text(JOB)
    done = scratch.run("apply", "cluster.yaml", "--yes")
    check("on the head" in done.stderr, done.stderr)
    (head,) = machines("head")
    (account,) = [one["email"] for one in head["serviceAccounts"]]
    lab.until(lambda: scratch.json("autoscaler", "status", "cluster.yaml", status=None)["running"], what="its look")
    scratch.empty_plan()
    bundle, = lab.home(head["name"]).glob(".rayctl/autoscaler/bundle-*")
    check((KEYS / KEY).read_text() != (bundle / "worker_key").read_text(), "the operator's key is on the head")

    lab.reset_calls()
    ran = scratch.run("submit", "cluster.yaml", "job.py", timeout=120).stdout
    check("ran on" in ran, ran)
    check(INSERT not in lab.calls(CLIENT), "the operator launched it")
    check(lab.calls(account).get(INSERT, 0) >= 1 and machines("worker"), f"{lab.calls()}")
    check(not any(one.get("serviceAccounts") for one in machines("worker")), "a worker has rights")
    check(all(one["scheduling"].get("preemptible") for one in machines("worker")), "workers are not preemptible")
    lab.until(lambda: verbs_of_plan(scratch) <= {"adopt-node"}, 20, "an operator's plan that finds it as planned")
    lab.until(lambda: machines("worker") == [], seconds=60, what="the idle workers' end")
    check(lab.calls(CLIENT).get(DELETE, 0) == 0, "the operator ended it")
    check(lab.validator()["bad"] == [], f"{lab.validator()['bad']}")
    history = scratch.run("autoscaler", "history", "cluster.yaml").stdout
    check("ray-legacy-worker-node-type" in history and "launch" in history, history)
    down(scratch)


main(launches_with_the_heads_account)
