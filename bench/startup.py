"""Start-up: what every command costs before it does anything."""

import os

from measuring import RAYCTL, TOOLS, Contestant, race, table

TITLE = "Start-up"


def measure(quick, _folder):
    costs = race([
        Contestant("`rayctl --help`", [RAYCTL, "--help"], runs=5 if quick else 41),
        Contestant("an empty C++ program", [TOOLS / "empty"], runs=5 if quick else 41),
        Contestant("`ray --help`", [os.environ["RAYCTL_RAY"], "--help"], runs=1 if quick else 7),
    ])
    return "Aim: under 10 ms.\n\n" + table(costs, "`rayctl --help`")
