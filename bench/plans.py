"""Plans of 100 to 10,000 nodes, against Terraform's plans of as many resources."""

import json
import os
import pathlib
import shutil
import subprocess

from measuring import RAYCTL, TOOLS, Contestant, race, table

TITLE = "Plans"

CLUSTER = """\
cluster_name: bench
max_workers: {count}
provider: {{type: process}}
available_node_types:
  head: {{node_config: {{}}}}
  worker: {{min_workers: {count}, max_workers: {count}, resources: {{CPU: 1}}, node_config: {{}}}}
head_node_type: head
setup_commands: [pip install -r requirements.txt]
"""

RESOURCES = """\
resource "terraform_data" "worker" {{
  count = {count}
  input = {{ type = "worker", cpus = 1, setup = "pip install -r requirements.txt" }}
}}
"""


def rayctl(folder, count):
    """The two contestants, one with a state in which every node is there. No node is launched."""
    folder.mkdir()
    (folder / "cluster.yaml").write_text(CLUSTER.format(count=count))

    def env(state):
        return {**os.environ, "XDG_STATE_HOME": str(folder / state), "NO_COLOR": "1"}

    def run(*words):
        subprocess.run([RAYCTL, *words], cwd=folder, env=env("full"), check=True, capture_output=True)

    run("plan", "cluster.yaml", "--out", "all.plan")
    with open(folder / "all.plan", "rb") as saved, open(folder / "snapshot.json", "wb") as snapshot:
        subprocess.run([TOOLS / "after_apply"], stdin=saved, stdout=snapshot, check=True)
    run("state", "push", "cluster.yaml", "snapshot.json")

    words = [RAYCTL, "plan", "cluster.yaml", "--refresh=false", "--detailed-exitcode"]
    return (Contestant("`rayctl plan`, from nothing", words, status=2, cwd=folder, env=env("empty")),
            Contestant("`rayctl plan`, no change", words, cwd=folder, env=env("full")))


def terraform(folder, count):
    """The same of Terraform. Its state is that of one applied resource with the instance repeated: an apply of 10,000
    takes many minutes."""
    env = {key: value for key, value in os.environ.items() if key != "TF_CLI_CONFIG_FILE"}
    env |= {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    empty, full = folder / "tf-empty", folder / "tf-full"
    for each, wanted in ((empty, count), (full, 1)):
        each.mkdir()
        (each / "main.tf").write_text(RESOURCES.format(count=wanted))
        subprocess.run(["terraform", "init", "-input=false"], cwd=each, env=env, check=True, capture_output=True)
    subprocess.run(["terraform", "apply", "-input=false", "-auto-approve"], cwd=full, env=env, check=True,
                   capture_output=True)
    (full / "main.tf").write_text(RESOURCES.format(count=count))
    state = json.loads((full / "terraform.tfstate").read_text())
    instances = state["resources"][0]["instances"]
    instances[:] = [{**instances[0], "index_key": index} for index in range(count)]
    (full / "terraform.tfstate").write_text(json.dumps(state))

    words = ["terraform", "plan", "-input=false", "-no-color", "-refresh=false", "-detailed-exitcode"]
    return (Contestant("`terraform plan`, from nothing", words, status=2, cwd=empty, env=env),
            Contestant("`terraform plan`, no change", words, cwd=full, env=env))


def measure(quick, folder):
    parts = ["Nodes on record only, no machine is looked at (`--refresh=false`, `-refresh=false`); Terraform plans as many "
             "`terraform_data` resources, which need no provider. Aim: 10,000 nodes within 100 ms and 150 MB."]
    with_terraform = shutil.which("terraform") is not None
    if not with_terraform:
        parts.append("Terraform is not on the PATH: left out.")
    for count in (100, 1_000) if quick else (100, 1_000, 10_000):
        place = pathlib.Path(folder, str(count))
        ours = rayctl(place, count)
        theirs = terraform(place, count) if with_terraform else ()
        parts.append(f"### {count:,} nodes")
        for index, what in enumerate(("from nothing", "no change")):
            racers = [ours[index]] + ([theirs[index]] if theirs else [])
            for each in racers:
                each.runs = 1 if quick else 3 if count == 10_000 else 7
            costs = race(racers)
            parts.append(table(costs, f"`rayctl plan`, {what}"))
    return "\n\n".join(parts)
