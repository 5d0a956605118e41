"""Asks Ray's own hash functions, of three versions, for the answers in fixtures/ray_hash/*.json.

A file there holds `launch` cases (node_config, auth, keys by name) or `runtime` cases (a tree of files, file_mounts,
cluster_synced_files, extra) and the answers. Without arguments the answers are compared; with --accept they are
written, after a case was added or changed:  tools/in_env.sh tests/e2e/ray_hash_test.py --accept
"""

import ast
import base64
import hashlib
import json
import os
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
WHEELS = pathlib.Path(os.environ["RAYCTL_RAY_WHEELS"])
SOURCES = {
    "0.8.7": "ray/autoscaler/util.py",
    "2.9.3": "ray/autoscaler/_private/util.py",
    "2.60.0": "ray/autoscaler/_private/util.py",
}
FUNCTIONS = {"base32hex", "hash_launch_conf", "hash_runtime_conf"}


def functions_of(version):
    """Ray's functions, out of a module that would import much more than is installed for an old version."""
    tree = ast.parse((WHEELS / version / SOURCES[version]).read_text())
    tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in FUNCTIONS]
    module = {"base64": base64, "hashlib": hashlib, "json": json, "os": os, "_hash_cache": {}}
    exec(compile(tree, SOURCES[version], "exec"), module)
    return module


def launch_answer(module, case):
    auth = dict(case["auth"])
    for name, contents in case["keys"].items():
        path = pathlib.Path(auth[name])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents.encode())
    return module["hash_launch_conf"](case["node_config"], auth)


def runtime_answer(module, case):
    for name, contents in case["files"].items():
        path = pathlib.Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents.encode())
    module["_hash_cache"].clear()
    runtime, contents = module["hash_runtime_conf"](case["file_mounts"], case["cluster_synced_files"], case["extra"], True)
    return {"runtime": runtime, "contents": contents}


def answers(case):
    """Each version's answer, in a folder of its own: paths in a case are relative, so that they are the same."""
    answer = launch_answer if "node_config" in case else runtime_answer
    found = {}
    for version in SOURCES:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            found[version] = answer(functions_of(version), case)
            os.chdir("/")
    return found


def main():
    compared = wrong = 0
    for path in sorted((ROOT / "fixtures/ray_hash").glob("*.json")):
        cases = json.loads(path.read_text())
        for case in cases["cases"]:
            found = answers(case)
            if "--accept" in sys.argv:
                case["answers"] = found
            elif case["answers"] != found:
                print(f"{path.name}: {case['name']}: Ray says {found}, the file {case['answers']}")
                wrong += 1
            compared += 1
        if "--accept" in sys.argv:
            path.write_text(json.dumps(cases, indent=1, ensure_ascii=False) + "\n")
    if "--accept" in sys.argv:
        sys.exit("answers written; run again without --accept")
    print(f"{compared} cases, {wrong} wrong")
    sys.exit(1 if wrong or compared < 10 else 0)


if __name__ == "__main__":
    main()
