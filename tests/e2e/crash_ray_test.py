"""kill -9 at six named points with real Ray: the next run converges to a live cluster, no node lost, none made twice.
One cluster serves all six points."""
import signal

from harness import check, main

KILLED = -signal.SIGKILL
YAML = """\
cluster_name: crash
rayctl: {autoscaler: none}   # the tests say when what is done
max_workers: 2
provider: {type: process}
available_node_types:
  head: {resources: {CPU: 1}, node_config: {}}
  worker: {min_workers: @N@, max_workers: @N@, resources: {CPU: 1}, node_config: {}}
head_node_type: head
file_mounts: {"~/app": ./app}
setup_commands: ["echo $RAYCTL_NODE_NAME >> ~/setup.log"]
"""


def killed(scratch, command, at):
    scratch.run(command, "cluster.yaml", "--yes", status=KILLED, RAYCTL_CRASH_AT=at)


def raylets(scratch):
    return [line for line in scratch.processes().values() if "/raylet/raylet" in line.split(" ")[0]]


def six_points(scratch):
    (scratch.dir / "cluster.yaml").write_text(YAML.replace("@N@", "1"))
    killed(scratch, "apply", "create-nodes:act:after")   # 1 machines are there, no record says so
    killed(scratch, "apply", "set-up-node:act:after")    # 2 set-up ran, its outcome is not recorded
    killed(scratch, "apply", "start-ray:begin:after")    # 3 the intent to start is recorded, nothing started
    killed(scratch, "apply", "start-ray:act:after")      # 4 Ray is alive, its record says it never started
    scratch.run("apply", "cluster.yaml", "--yes")
    scratch.empty_plan()
    homes = scratch.homes()
    # A machine that was killed before it was born is replaced under a new name.
    check([name.split("-")[0] for name in sorted(homes)] == ["head", "worker"], f"nodes {sorted(homes)}")
    check(all(len(folders) == 1 for folders in homes.values()), f"a name is there twice: {homes}")
    check(len(raylets(scratch)) == 2, f"{len(raylets(scratch))} raylets run:\n{scratch.processes()}")
    for name, (folder,) in homes.items():
        log = (folder / "setup.log").read_text().split()
        check(len(log) == 1, f"set-up ran {len(log)} times on {name}")
    alive = [node for node in scratch.json("status", "cluster.yaml")["nodes"] if node["ray"] == "alive"]
    check(len(alive) == 2, f"alive in GCS: {alive}")

    (scratch.dir / "cluster.yaml").write_text(YAML.replace("@N@", "0"))
    killed(scratch, "apply", "drain-node:act:after")     # 5 the worker left Ray, its machine is there
    scratch.run("apply", "cluster.yaml", "--yes")
    scratch.empty_plan()
    check(len(scratch.homes()) == 1, f"nodes {sorted(scratch.homes())}")
    # What Ray leaves running on a drained node, `ray start --block` itself, is gone with the machine.
    started = [line for line in scratch.processes().values() if " start " in line and "--block" in line]
    check(started and all("--head" in line for line in started), f"started: {started}")
    killed(scratch, "down", "terminate-node:act:after")  # 6 the head's machine is gone, its record is there
    scratch.run("down", "cluster.yaml", "--yes")
    check(not scratch.homes() and not scratch.processes(), f"left: {scratch.homes()} {scratch.processes()}")
    print("killed at 6 of 6 named points")


main(six_points)
