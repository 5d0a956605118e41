"""What tests of changes share: a live cluster of a cloud, its file, and what a plan would do."""
import json

from harness import check


def write(scratch, text, file="cluster.yaml"):
    (scratch.dir / file).write_text(text)


class Table:
    """One live cluster and its file, which each row changes."""

    def __init__(self, lab, scratch, text):
        self.lab, self.scratch, self.text, self.said = lab, scratch, text, []
        write(scratch, text)

    def run(self, *words, status=0):
        done = self.scratch.run(*words, status=status, RAYCTL_LOG="trace")
        self.said += [done.stdout, done.stderr]
        return done

    def edit(self, *changes):
        for old, new in changes:
            check(self.text.count(old) == 1, f"{self.text.count(old)} times: {old}")
            self.text = self.text.replace(old, new)
        write(self.scratch, self.text)

    def plan(self, *flags):
        return json.loads(self.run("plan", "cluster.yaml", "--json", *flags).stdout)

    def apply(self, *flags):
        self.run("apply", "cluster.yaml", "--yes", *flags)

    def settled(self, size=3):
        """Nothing is left to do, and Ray sees as many nodes as there are machines."""
        self.lab.until(lambda: len(self.lab.instances()) == size, what=f"no more and no less than {size} machines")
        self.scratch.empty_plan()
        nodes = self.scratch.json("status", "cluster.yaml")["nodes"]
        check([node["ray"] for node in nodes] == ["alive"] * size, f"{nodes}")

    def ids(self):
        return {name: node["id"] for name, node in self.scratch.json("state", "show", "cluster.yaml")["nodes"].items()}

    def on_all(self, line):
        return {name: self.lab.run_on(id, line).strip() for name, id in self.ids().items()}

    def raylets(self):
        """By node, which machine and which process of it is Ray: what a restart changes."""
        return {name: (id, self.lab.run_on(id, "pgrep -x raylet").strip()) for name, id in self.ids().items()}


def effects(plan):
    """{node or "cluster": what is done to it, in order}"""
    done = {}
    for step in plan["steps"]:
        for node in step["action"].get("nodes") or [step["action"].get("node", "cluster")]:
            done.setdefault(node, []).append(step["action"]["verb"])
    return done


def expect(plan, wanted, *fields):
    """Exactly these effects, and in their steps no field but these."""
    check(effects(plan) == wanted, f"planned: {effects(plan)}, expected: {wanted}")
    caused = {field for step in plan["steps"] for field in step["fields"]}
    check(caused == set(fields), f"because of {caused}, expected {set(fields)}")
