"""Hashing the files of a mount: cold, and warm, when stat says that nothing changed."""

import os
import random
import shutil
import sys
import time

from measuring import RAYCTL, TOOLS, Contestant, race, table

TITLE = "Hashing file mounts"

CLUSTER = """\
cluster_name: hash
max_workers: 0
provider: {{type: process}}
available_node_types: {{head: {{node_config: {{}}}}}}
head_node_type: head
file_mounts: {{"~/data": {tree}}}
"""

RAY = "import sys; from ray.autoscaler._private.util import hash_runtime_conf as h; h({'~/data': sys.argv[1]}, None, [])"
RAY_IMPORT = "from ray.autoscaler._private.util import hash_runtime_conf"


def make_tree(tree, count):
    """`count` files of 1 to 8 kB, 100 to a folder; the same bytes every time."""
    chance = random.Random(18618)
    noise = chance.randbytes(1 << 20)
    total = 0
    for number in range(count):
        folder = tree / f"{number // 10000}" / f"{number // 100 % 100:02}"
        if number % 100 == 0:
            folder.mkdir(parents=True)
        size, start = chance.randint(1000, 8000), chance.randrange(1_000_000)
        (folder / f"file-{number}.bin").write_bytes(noise[start:start + size])
        total += size
    return total


def measure(quick, folder):
    count = 2_000 if quick else 50_000
    tree = folder / "tree"
    total = make_tree(tree, count)
    (folder / "cluster.yaml").write_text(CLUSTER.format(tree=tree))
    # The cache takes no file that changed within the last two seconds.
    time.sleep(3)

    def plan(name, state, **options):
        env = {**os.environ, "XDG_STATE_HOME": str(folder / state), "NO_COLOR": "1"}
        return Contestant(name, [RAYCTL, "plan", "cluster.yaml", "--refresh=false"], cwd=folder, env=env, **options)

    warm = plan("`rayctl plan`, warm", "warm")
    race([plan("first", "warm", runs=1)])
    costs = race([
        warm,
        plan("`rayctl plan`, cold", "cold", before=lambda: shutil.rmtree(folder / "cold", ignore_errors=True)),
        Contestant("one stat per file, in C++", [TOOLS / "walk", tree]),
        Contestant("Python that calls Ray's `hash_runtime_conf`", [sys.executable, "-c", RAY, tree], runs=3),
        Contestant("the same without the call", [sys.executable, "-c", RAY_IMPORT], runs=3),
    ])
    about = (
        f"{count:,} files, {total / 1e6:.0f} MB, in the page cache. Cold: no hash cache. Warm: the state has one. "
        "Whole processes, the plan included. Ray keeps no digests between processes, so each of its runs is cold. "
        "Aim: warm is limited by stat.")
    return about + "\n\n" + table(costs, warm.name)
