"""Single functions of the program, without a process around them."""

import json
import subprocess

from measuring import TOOLS

TITLE = "Single functions"


def measure(quick, _folder):
    words = [TOOLS / "functions", "--benchmark_format=json", f"--benchmark_min_time={0.05 if quick else 0.5}"]
    found = json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)
    lines = ["| function | nodes | CPU time |", "|---|--:|--:|"]
    for each in found["benchmarks"]:
        if each.get("error_occurred"):
            raise subprocess.CalledProcessError(1, words, each["error_message"])
        name, nodes = each["name"].split("/")
        lines.append(f"| {name.replace('_', ' ')} | {int(nodes):,} | {each['cpu_time']:.2f} {each['time_unit']} |")
    return "\n".join(lines)
