"""Provider classes without machines: one that rayctl writes, one of Ray's that keeps all in memory, one of an old Ray
without that Ray, and those that misbehave. `rayctl provider new` and `provider test`."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import yaml
from harness import SOURCE, check, main
from python_class import PYTHON

CLASSES = SOURCE / "fixtures/python_providers"


def write(scratch, **provider):
    config = {
        "cluster_name": "classes", "max_workers": 4, "provider": {"type": "external", **provider},
        "auth": {"ssh_user": "ubuntu"}, "head_node_type": "head",
        "available_node_types": {
            "head": {"node_config": {}, "resources": {"CPU": 1}},
            "worker": {"node_config": {}, "resources": {"CPU": 1}, "min_workers": 0, "max_workers": 4}}}
    (scratch.dir / "cluster.yaml").write_text(yaml.safe_dump(config, sort_keys=False))


def verdicts(done):
    """{verdict: [(method, what was found)]} of a test with --json."""
    found = {}
    for rule in json.loads(done.stdout)["rules"]:
        found.setdefault(rule["verdict"], []).append((rule["method"], rule["found"]))
    return found


def tried(scratch, name, status=0, **env):
    return verdicts(scratch.run("provider", "test", name, "--config", "cluster.yaml", "--patience", "4s", "--json",
                                status=status, **env))


def a_class_that_rayctl_writes(scratch):
    done = scratch.run("provider", "new", "my_cloud")
    check(done.stdout == "my_cloud.py\n" and "my_cloud.MyCloudProvider" in done.stderr, done.stdout + done.stderr)
    lines = (scratch.dir / "my_cloud.py").read_text().splitlines()
    check(80 <= len(lines) <= 130, f"{len(lines)} lines")
    scratch.run("provider", "new", "my_cloud", status=3)
    scratch.run("provider", "new", "My-Cloud", status=3)
    write(scratch, module="my_cloud.MyCloudProvider", folder=str(scratch.dir / "cloud"))
    found = tried(scratch, "my_cloud.MyCloudProvider")
    check(set(found) == {"ok"}, f"{found}")
    left = json.loads((scratch.dir / "cloud/machines.json").read_text())
    check(left == {}, f"machines are left: {left}")


def a_class_that_keeps_all_in_memory(scratch):
    """Ray's fake provider: its nodes are raylets of a real head, known to its process alone; their tags are read-only."""
    address = "127.0.0.1:6399"
    env = {"RAY_FAKE_CLUSTER": "1", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
    ray = os.environ["RAYCTL_RAY"]
    subprocess.run([ray, "start", "--head", "--port=6399", "--num-cpus=0", "--include-dashboard=false",
                    "--object-store-memory=100000000", "--disable-usage-stats", f"--temp-dir={scratch.dir}/r"],
                   check=True, capture_output=True, timeout=120, env={**os.environ, **env})
    write(scratch, module="none.None", python=PYTHON, gcs_address=address)
    found = tried(scratch, "fake_multinode", **env)
    check("broken" not in found and "unseen" in found, f"{found}")
    limits = {method: what for method, what in found["limit"]}
    check("does not do that" in limits["set_node_tags"], f"{limits}")
    check("1 at a time" in limits["create_node"], f"{limits}")
    check("end with its process" in limits["non_terminated_nodes"], f"{limits}")


def a_class_of_an_old_ray_without_ray(scratch):
    """0.8.7's provider for private hosts, out of its wheel, on the interface that rayctl brings."""
    folder = scratch.dir / "modules"
    folder.mkdir()
    wheel = pathlib.Path(os.environ["RAYCTL_RAY_WHEELS"], "0.8.7/ray")
    (folder / "ray").symlink_to(wheel)
    packages = next(pathlib.Path(os.environ["RAYCTL_VENV"], "lib").glob("python3*/site-packages"))
    (folder / "filelock").symlink_to(packages / "filelock")
    python = scratch.dir / "python"
    python.write_text('#!/bin/sh\nexec /usr/bin/python3 -I "$@"\n')
    python.chmod(0o755)
    (scratch.dir / "ray").symlink_to(wheel)
    (scratch.dir / "filelock").symlink_to(packages / "filelock")
    write(scratch, module="none.None", python=str(python), head_ip="127.0.0.1", 
          worker_ips=[f"127.0.0.{n}" for n in range(2, 8)])
    found = tried(scratch, "ray.autoscaler.local.node_provider.LocalNodeProvider", status=None)
    # Called from two threads it takes its two locks in both orders: it may hang.
    check(all(method == "create_node" and "still running" in what for method, what in found.get("broken", [])), f"{found}")
    check(any("1 at a time" in what for _, what in found["limit"]), f"{found}")


def what_is_wrong_with_a_class(scratch):
    """Each broken rule names the method; the run ends, and within its time."""
    machines = scratch.dir / "machines.json"
    write(scratch, file=str(machines), module="none.None")
    shutil.copy(CLASSES / "simple.py", scratch.dir)
    shutil.copy(CLASSES / "hostile.py", scratch.dir)
    (scratch.dir / "broken.py").write_text(
        "from simple import SimpleProvider\n\n\n"
        "class Shared(SimpleProvider):\n"
        "    def internal_ip(self, node_id):\n        return '10.0.0.1'\n\n\n"
        "class Unending(SimpleProvider):\n"
        "    def terminate_node(self, node_id):\n        pass\n\n"
        "    def terminate_nodes(self, node_ids):\n        pass\n\n\n"
        "class Random(SimpleProvider):\n"
        "    @staticmethod\n    def bootstrap_config(cluster_config):\n"
        "        cluster_config['auth']['key'] = __import__('uuid').uuid4().hex\n        return cluster_config\n\n\n"
        "class Unnamed(SimpleProvider):\n"
        "    def non_terminated_nodes(self, tag_filters):\n        return [7]\n")
    for name, method in (("Shared", "internal_ip"), ("Unending", "terminate_node"), ("Random", "bootstrap_config"),
                         ("Unnamed", "non_terminated_nodes")):
        machines.unlink(missing_ok=True)
        found = tried(scratch, f"broken.{name}", status=1)
        check(method in [each for each, _ in found["broken"]], f"{name}: {found}")
    for name, status, words in (("none.None", 1, "none"), ("broken.None", 1, "None"), ("broken", 1, "broken")):
        found = tried(scratch, name, status=status)
        check(found["broken"][0][0] == "__init__" and words in found["broken"][0][1], f"{name}: {found}")


def plans_of_hostile_classes(scratch):
    """A plan through a class that misbehaves ends in time and with the class of its error, and says what and where."""
    machines = scratch.dir / "machines.json"
    shutil.copy(CLASSES / "simple.py", scratch.dir)
    (scratch.dir / "bad.py").write_text(
        "import os, sys, time\nfrom simple import SimpleProvider\n\n\n"
        "class Raises(SimpleProvider):\n"
        "    def non_terminated_nodes(self, tag_filters):\n        raise ValueError('the cloud is away')\n\n\n"
        "class Exits(SimpleProvider):\n"
        "    def non_terminated_nodes(self, tag_filters):\n        print('last words', flush=True)\n        os._exit(7)\n\n\n"
        "class Prints(SimpleProvider):\n"
        "    def non_terminated_nodes(self, tag_filters):\n        print('{\"id\": 1, \"ok\": {}}', flush=True)\n"
        "        return super().non_terminated_nodes(tag_filters)\n")
    for name, words in (("Raises", ["non_terminated_nodes", "ValueError: the cloud is away", "bad.py"]),
                        ("Exits", ["status 7", "last words"])):
        write(scratch, file=str(machines), module=f"bad.{name}")
        begun = time.monotonic()
        done = scratch.run("plan", "cluster.yaml")
        check("could not be listed" in done.stdout and "0 to launch" in done.stdout, f"{name}: {done.stdout}")
        scratch.run("apply", "cluster.yaml", "--yes", status=7)
        check(all(word in done.stdout + done.stderr for word in words), f"{name}: {done.stdout}{done.stderr}")
        check(time.monotonic() - begun < 100, f"{name} took {time.monotonic() - begun:.0f} s")
    write(scratch, file=str(machines), module="bad.Prints")
    scratch.run("plan", "cluster.yaml")


main(a_class_that_rayctl_writes, a_class_that_keeps_all_in_memory, a_class_of_an_old_ray_without_ray,
     what_is_wrong_with_a_class, plans_of_hostile_classes)
