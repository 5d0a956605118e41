"""A node provider for new_provider_name: where a Ray cluster's machines come from.

rayctl and Ray run this class when a cluster's file says

    provider: {type: external, module: new_provider_module.NewProviderClass}

As it stands it works, with machines that are only files: `rayctl provider test new_provider_module.NewProviderClass --config FILE`
passes. Make it yours one method at a time, and run the test again after each: what a method must do stands above it.

Rules for all of them. They are called from several threads at once. What fails is raised, never hidden; the
message reaches the operator. Nothing is kept only in this object: another process must see the same machines.
"""
import fcntl
import json
import os
import uuid

from ray.autoscaler.node_provider import NodeProvider


class NewProviderClass(NodeProvider):
    def __init__(self, provider_config, cluster_name):
        """provider_config: the `provider` section of the file, with keys of your own in it (here: `folder`)."""
        super().__init__(provider_config, cluster_name)
        self.folder = os.path.expanduser(provider_config.get("folder", "~/.new_provider_name"))
        os.makedirs(self.folder, exist_ok=True)

    # What is there. Never a guess: if your cloud does not answer, raise.

    def non_terminated_nodes(self, tag_filters):
        """The ids of this cluster's machines that have all of these tags, and are not gone or going."""
        return [
            node_id
            for node_id, machine in self._machines().items()
            if machine["cluster"] == self.cluster_name
            and all(machine["tags"].get(key) == value for key, value in tag_filters.items())
        ]

    def is_running(self, node_id):
        """Whether the machine has booted, so that it can be reached. False while it starts."""
        return node_id in self._machines()

    def is_terminated(self, node_id):
        """Whether the machine is gone for good. True, and no error, for one that never was."""
        return node_id not in self._machines()

    def node_tags(self, node_id):
        """All of the machine's tags, texts by text: also those of set_node_tags, in every process."""
        return dict(self._machines()[node_id]["tags"])

    def internal_ip(self, node_id):
        """Where the other machines reach it; None while it has no address."""
        return self._machines()[node_id]["ip"]

    def external_ip(self, node_id):
        """Where you reach it; None if it has no such address."""
        return self._machines()[node_id]["ip"]

    # What changes things.

    def create_node(self, node_config, tags, count):
        """Starts machines as node_config says (the type's section of the file, free in form), with these tags on
        them in the same call: by its tags a machine is found again after a crash. Returns them by id."""
        made = {}
        with self._change() as machines:
            for _ in range(count):
                node_id = "new_provider_name-" + uuid.uuid4().hex[:12]
                address = "10.%d.%d.%d" % tuple(uuid.uuid4().bytes[:3])
                made[node_id] = {"cluster": self.cluster_name, "tags": dict(tags), "ip": address}
            machines.update(made)
        return made

    def set_node_tags(self, node_id, tags):
        """Adds tags, or overwrites them; the others stay."""
        with self._change() as machines:
            machines[node_id]["tags"].update(tags)

    def terminate_node(self, node_id):
        """Ends the machine. No error if it is gone already. terminate_nodes(node_ids) may do many in one call."""
        with self._change() as machines:
            machines.pop(node_id, None)

    # Below here are the files that stand in for a cloud.

    def _machines(self):
        with self._change() as machines:
            return machines

    def _change(self):
        return _File(os.path.join(self.folder, "machines.json"))


class _File:
    """The machines, locked against other processes and threads while they are changed."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        self.file = open(self.path, "a+")
        fcntl.flock(self.file, fcntl.LOCK_EX)
        self.file.seek(0)
        self.before = self.file.read()
        self.machines = json.loads(self.before or "{}")
        return self.machines

    def __exit__(self, *raised):
        after = json.dumps(self.machines)
        if not any(raised) and after != self.before:
            self.file.truncate(0)
            self.file.write(after)
        self.file.close()
