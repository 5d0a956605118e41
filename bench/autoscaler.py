"""One decision of the autoscaler beside Ray's own schedulers, in processes that time the call alone.

`autoscaler.py v2|v1 CASE SECONDS` asks one of Ray's, and gives up after so many seconds of CPU time.
"""

import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

SOURCE = pathlib.Path(__file__).resolve().parents[1]
TITLE = "Decisions of the autoscaler"
GIB = 2**30
CAP = 60  # seconds of CPU time for one decision

SHAPES = [{"CPU": 1}, {"CPU": 2}, {"CPU": 4}, {"CPU": 8}, {"CPU": 1, "GPU": 1}, {"CPU": 1, "memory": 2 * GIB},
          {"CPU": 4, "memory": 32 * GIB}, {"GPU": 0.5, "CPU": 1}, {"CPU": 16}, {"GPU": 2, "CPU": 8}]


def cluster(types, nodes):
    """Worker types of many sizes, and nodes that are partly in use, no two alike."""
    chance, sizes = random.Random(7), {"head": {"resources": {"CPU": 0}, "max_workers": 0}}
    for i in range(types - 1):
        cpus = [2, 4, 8, 16, 32, 48, 64, 96][i % 8]
        has = {"CPU": cpus, "memory": cpus * 4 * GIB, **({"GPU": [1, 4, 8][i % 9 // 3]} if i % 3 == 2 else {})}
        sizes[f"t{i:02}"] = {"resources": has, "max_workers": nodes * 10, "labels": {}}
    there = [{"id": "n-head", "type": "head", "kind": "head", "status": "RAY_RUNNING", "idle_ms": 0}]
    for i in range(nodes - 1):
        name = f"t{i % (types - 1):02}"
        total = sizes[name]["resources"]
        free = {key: value if key == "memory" else chance.randint(0, value) for key, value in total.items()}
        there.append({"id": f"n{i:05}", "type": name, "kind": "worker", "status": "RAY_RUNNING", "total": total,
                      "available": free, "idle_ms": 0})
    return {"id": "bench", "head_type": "head", "node_types": sizes, "max_workers": nodes * 20, "idle_timeout_s": 300,
            "nodes": there, "gangs": []}


def many(types, nodes, demands):
    each = demands // len(SHAPES)
    return {**cluster(types, nodes), "demands": [{"bundle": shape, "count": each} for shape in SHAPES]}


def distinct(shapes):
    chance, found = random.Random(9), {}
    while len(found) < shapes:
        bundle = {"CPU": chance.randint(1, 128) / 4, "memory": chance.randint(1, 4096) * 8 * 2**20}
        if chance.random() < 0.2:
            bundle["GPU"] = chance.choice([0.25, 0.5, 1, 2])
        found[json.dumps(bundle)] = bundle
    return {**cluster(10, 100), "demands": [{"bundle": bundle, "count": 1} for bundle in found.values()]}


def measure(quick, folder):
    from measuring import TOOLS, seconds

    cap = 2 if quick else CAP
    cases = [(f"{types} types, {nodes:,} nodes, {demands:,} demands", many(types, nodes, demands))
             for types, nodes, demands in ((10, 100, 1000), (10, 1000, 10_000), (20, 2000, 100_000))]
    cases += [(f"10 types, 100 nodes, {shapes:,} demands, all different", distinct(shapes))
              for shapes in (100, 1000, 3200, 10_000)]
    lines = [f"CPU time of one decision. Nodes are partly in use; Ray's v1 was given all demands (as shipped it looks at "
             f"1,000 of them). Ray was stopped after {cap} s of CPU time. Aim: 100,000 demands on 2,000 nodes, and "
             "10,000 different ones, within 100 ms each.", "",
             "| | rayctl | Ray v2 | Ray v1 | × v2 | × v1 | launched by rayctl / v2 / v1 |", "|---|--:|--:|--:|--:|--:|--:|"]
    for name, case in cases:
        path = folder / "case.json"
        path.write_text(json.dumps(case) + "\n")
        ours = said_by([TOOLS / "autoscaler", path])
        rays = [said_by([sys.executable, __file__, version, path, str(cap)]) for version in ("v2", "v1")]
        times = [seconds(each["cpu_s"]) if each else f"more than {cap} s" for each in rays]
        ratios = [f"{each['cpu_s'] / ours['cpu_s']:,.0f}" if each else f"> {cap / ours['cpu_s']:,.0f}" for each in rays]
        counts = [f"{each['launches']:,}" if each else "-" for each in (ours, *rays)]
        lines.append(f"| {name} | {seconds(ours['cpu_s'])} | {' | '.join(times + ratios)} | {' / '.join(counts)} |")
    return "\n".join(lines)


def said_by(words):
    """What a contestant printed; None if it gave up."""
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
                          env={**os.environ, "PYTHONWARNINGS": "ignore"})
    return json.loads(done.stdout) if done.stdout else None


def ask_v2(case):
    sys.path.insert(0, str(SOURCE / "fixtures/scheduler"))
    import oracle

    request = oracle.scheduling_request(case)
    scheduler = oracle.ResourceDemandScheduler()
    return lambda: sum(each.count for each in scheduler.schedule(request).to_launch)


def ask_v1(case):
    from ray.autoscaler._private.node_provider_availability_tracker import NodeAvailabilitySummary
    from ray.autoscaler._private.resource_demand_scheduler import ResourceDemandScheduler
    from ray.autoscaler.tags import TAG_RAY_NODE_KIND, TAG_RAY_USER_NODE_TYPE

    nodes = {node["id"]: node for node in case["nodes"]}

    class Provider:
        def node_tags(self, name):
            return {TAG_RAY_NODE_KIND: nodes[name]["kind"], TAG_RAY_USER_NODE_TYPE: nodes[name]["type"]}

        def internal_ip(self, name):
            return name

    types = {name: {"resources": dict(tree["resources"]), "min_workers": 0, "max_workers": tree["max_workers"]}
             for name, tree in case["node_types"].items()}
    # So fast that the speed holds nothing back: neither of the others is held back here.
    scheduler = ResourceDemandScheduler(Provider(), types, case["max_workers"], case["head_type"], 1e6)
    total = {name: dict(node.get("total", {"CPU": 0})) for name, node in nodes.items()}
    free = {name: dict(node.get("available", total[name])) for name, node in nodes.items()}
    demands = [dict(each["bundle"]) for each in case["demands"] for _ in range(each["count"])]
    return lambda: sum(scheduler.get_nodes_to_launch(list(nodes), {}, demands, free, [], total, [],
                                                     NodeAvailabilitySummary({}))[0].values())


def main():
    version, path, cap = sys.argv[1:]
    decide = {"v2": ask_v2, "v1": ask_v1}[version](json.loads(pathlib.Path(path).read_text()))
    signal.signal(signal.SIGPROF, lambda *_: os._exit(0))
    signal.setitimer(signal.ITIMER_PROF, float(cap))
    begun = time.process_time()
    launches = decide()
    print(json.dumps({"cpu_s": time.process_time() - begun, "launches": launches}))


if __name__ == "__main__":
    main()
