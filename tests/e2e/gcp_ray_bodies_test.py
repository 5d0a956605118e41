"""Whether the GCP provider asks for the machines and TPUs that Ray 2.60's own provider asks for, from the same node_config:
all that Ray sends is in what we send (fixtures/gcp/bodies), but for what Ray gets wrong."""
import json
import os
import pathlib
import sys
from unittest import mock

from harness import SOURCE, check, main

# Ray's provider needs Google's client, which only the lab's environment has.
sys.path += map(str, (pathlib.Path(os.environ["RAYCTL_GCP_VENV"]) / "lib").glob("python3*/site-packages"))
from ray.autoscaler._private.gcp import config as ray_config  # noqa: E402
from ray.autoscaler._private.gcp.node import GCPTPU, GCPCompute, GCPNodeType  # noqa: E402
from ray.autoscaler._private.gcp.node_provider import GCPNodeProvider  # noqa: E402

PLACE = ("lab", "us-west1-a", "demo")
LABELS = {"ray-node-name": "ray-demo-worker", "ray-node-type": "worker"}
# What each says in its own way.
OWN = ("name", "labels.ray-node-name")


def created():
    """Each call that makes a machine or a TPU, with the node_config that it is from."""
    found = [call for path in sorted((SOURCE / "fixtures/gcp/bodies").glob("*.json"))
             for call in json.loads(path.read_text()) if "node_config" in call]
    check(len(found) > 4, f"only {len(found)} node_configs")
    return found


def rays(node_config):
    """The parameters of the call that Ray makes of it."""
    resource = mock.MagicMock()
    if ray_config.get_node_type(node_config) is GCPNodeType.TPU:
        maker, called = GCPTPU, resource.projects().locations().nodes().create
    else:
        maker, called = GCPCompute, resource.instances().insert
    maker(resource, *PLACE).create_instance(json.loads(json.dumps(node_config)), LABELS, wait_for_operation=False)
    return called.call_args.kwargs


def plain(value, key=""):
    """A value in the API's form: Ray passes numbers, truths and its list of scheduling on as they are in the file."""
    if key == "scheduling" and isinstance(value, list):
        value = {name: said for part in value for name, said in part.items()}
    if isinstance(value, dict):
        return {name: plain(said, name) for name, said in value.items()}
    if isinstance(value, list):
        return [plain(said) for said in value]
    return str(value).lower() if isinstance(value, (bool, int)) else value


def type_of(url):
    return url.rpartition("/")[2] if isinstance(url, str) else url


def missing(theirs, ours, at=""):
    """What Ray sends and we do not, in words."""
    if at in OWN:
        return []
    if isinstance(theirs, dict):
        if not isinstance(ours, dict):
            return [f"{at}: {ours!r} and not {theirs!r}"]
        return [line for key, value in theirs.items()
                for line in missing(value, ours.get(key), f"{at}.{key}".lstrip("."))]
    if isinstance(theirs, list) and isinstance(ours, list):
        if all(isinstance(one, str) for one in theirs):
            return [f"{at}: without {one}" for one in theirs if one not in ours]
        return [line for index, one in enumerate(theirs)
                for line in missing(one, ours[index] if index < len(ours) else None, f"{at}[{index}]")]
    short = at.endswith("diskType")  # Ray passes on a name that the API does not take
    return [] if theirs == ours or (short and theirs == type_of(ours)) else [f"{at}: {ours!r} and not {theirs!r}"]


def bodies(_):
    compared = 0
    for call in created():
        if "machineType" not in call["node_config"] and "sourceInstanceTemplate" in call["node_config"]:
            continue  # Ray has no machine without a machineType
        asked = rays(call["node_config"])
        found = missing(plain(asked["body"]), plain(call["body"]))
        check(not found, f"{call['id']} of {call['node_config']}: {found}")
        compared += 1
    check(compared > 4, f"only {compared} compared")


def templates(_):
    config = {"machineType": "n1-standard-2", "sourceInstanceTemplate": "global/instanceTemplates/worker"}
    ours = next(call for call in created() if call.get("query", {}).get("sourceInstanceTemplate"))
    check(rays(config)["sourceInstanceTemplate"] == ours["query"]["sourceInstanceTemplate"], "the template's parameter")


def tpu_resources(_):
    """The resource that tasks of a whole slice ask for is named as in tests/gcp_configs/machine_types_test.cc."""
    node = {"acceleratorType": "v4-8", "runtimeVersion": "r"}
    filled = GCPNodeProvider.fillout_available_node_types_resources(
        {"available_node_types": {"tpu": {"node_config": node, "resources": {}}}})
    check(filled["available_node_types"]["tpu"]["resources"] == {"TPU-v4-8-head": 1}, filled)


main(bodies, templates, tpu_resources)
