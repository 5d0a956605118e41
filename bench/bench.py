"""What rayctl costs, measured side by side with what it replaces.

  ./dev bench                    all of it, printed as Markdown
  ./dev bench startup hash       these parts
  ./dev bench --quick            small and few: does it work?
  ./dev bench --write            all of it, into docs/benchmarks.md; with parts, those sections of it
"""

import argparse
import importlib.metadata
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import autoscaler
import aws
import classes
import functions
import hashing
import hosts
import kubernetes
import plans
import startup
import transfers
from measuring import RAYCTL, Refused

PARTS = {"startup": startup, "plan": plans, "hash": hashing, "functions": functions, "autoscaler": autoscaler,
         "hosts": hosts, "transfers": transfers, "aws": aws, "kubernetes": kubernetes, "classes": classes}
DOCUMENT = pathlib.Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"


def environment():
    """What a reader needs to judge the figures, beside the load. Neither date nor host name: they say nothing."""
    others = [f"Ray {importlib.metadata.version('ray')}"]
    if shutil.which("terraform"):
        said = subprocess.run(["terraform", "version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        others.append(said.stdout.splitlines()[0])
    return (f"{len(os.sched_getaffinity(0))} cores, {', '.join(others)}. A load above 0 at the start of a part was "
            "other work, which CPU times and best wall times show least.")


def section(name, quick):
    """One part, measured: Markdown from its title on."""
    load = f"Load of the machine when this part began: {os.getloadavg()[0]:.1f}."
    with tempfile.TemporaryDirectory(prefix="rayctl-bench.") as folder:
        try:
            text = PARTS[name].measure(quick, pathlib.Path(folder))
        except Refused as error:
            sys.exit(f"bench: {error}")
        except subprocess.CalledProcessError as error:
            sys.exit(f"bench: {error}\n{(error.stderr or b'').decode(errors='replace')}")
    return f"## {PARTS[name].TITLE}\n\n{load}\n\n{text}\n"


def write(head, sections):
    """Puts sections into the document, in the order of PARTS; those that were not measured anew stay as they are."""
    found = re.split(r"^(?=## )", DOCUMENT.read_text(), flags=re.MULTILINE) if DOCUMENT.exists() else [""]
    there = {text.split("\n", 1)[0]: text.rstrip("\n") + "\n" for text in [*found[1:], *sections]}
    titles = [f"## {part.TITLE}" for part in PARTS.values()]
    DOCUMENT.write_text("\n".join([head, *(there[title] for title in titles if title in there)]))


def main():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; default: all")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    unknown = [part for part in arguments.parts if part not in PARTS]
    if unknown:
        parser.error(f"no such part: {', '.join(unknown)}")
    if arguments.write and arguments.quick:
        parser.error("--write is for figures in full")
    if not RAYCTL.exists():
        parser.error(f"{RAYCTL} is not built. Run ./dev bench")

    head = "\n\n".join(["# Benchmarks", "Written by `./dev bench --write`. Costs are medians; contestants take turns; "
                        "× is against rayctl.", environment()]) + "\n"
    print(head, flush=True)
    sections = []
    for name in arguments.parts or PARTS:
        sections.append(section(name, arguments.quick))
        print(sections[-1], flush=True)
    if arguments.write:
        write(head, sections)


if __name__ == "__main__":
    main()
