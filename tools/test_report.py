"""What ./dev test says at the end: each suite's share of the time, the ten slowest tests, and a verdict.

test_report.py [--want "SUITE..."] BUILD...   reads BUILD/junit.xml, which ctest has written, of each build folder.
test_report.py --programs SUITE BUILD         prints the names of the test programs of a suite.

ctest lets a test that was skipped, disabled or not built pass. Here each of them is a failure, as is a test in no
suite, a wanted suite without a test, and a run of nothing.
"""

import argparse
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET

LAST_LINES = 40  # of what failed, said again at the end, where a reader of a cut log looks
FEW = 5
SUITES = ("unit", "golden", "contract", "hosts", "crash", "e2e")


def known_tests(build):
    """Every test that ctest knows in a build folder: name, program and labels."""
    text = subprocess.run(
        ["ctest", "--test-dir", build, "--show-only=json-v1"], check=True, stdout=subprocess.PIPE
    ).stdout
    for test in json.loads(text)["tests"]:
        properties = {p["name"]: p["value"] for p in test.get("properties", [])}
        yield test["name"], test.get("command", [""])[0], properties.get("LABELS", [])


def print_programs(suite, build):
    print(" ".join(sorted({os.path.basename(p) for _, p, labels in known_tests(build) if suite in labels})))


def read_report(build):
    """(name, seconds, verdict, output) of each test of BUILD/junit.xml; an empty verdict is a pass."""
    path = os.path.join(build, "junit.xml")
    if not os.path.exists(path):
        return
    for case in ET.parse(path).getroot().iter("testcase"):
        status = case.get("status")
        verdict = "" if status == "run" else "failed" if status == "fail" else "did not run"
        reason = case.find("failure") if status == "fail" else case.find("skipped")
        if verdict and reason is not None and reason.get("message"):
            verdict += f" ({reason.get('message')})"
        yield case.get("name"), float(case.get("time", 0)), verdict, case.findtext("system-out") or ""


def report(builds, want):
    tests, bad, outputs = [], [], []
    for build in builds:
        suites = {}
        for name, _, labels in known_tests(build):
            mine = [s for s in SUITES if s in labels]
            if len(mine) == 1:
                suites[name] = mine[0]
            elif build == builds[0]:
                bad.append((name, f"is in {len(mine)} suites; give it one label of: {' '.join(SUITES)}"))
        for name, seconds, verdict, output in read_report(build):
            suite = suites.get(name, "no suite")
            if build != builds[0]:
                suite += " (sanitized)"
            tests.append((suite, name, seconds))
            if verdict:
                bad.append((f"{name} [{suite}]", verdict))
                outputs.append((name, output.rstrip().splitlines()[-LAST_LINES:]))

    total = sum(seconds for _, _, seconds in tests)
    print("\n== each suite's share of the tests' time")
    for suite in SUITES + tuple(s + " (sanitized)" for s in SUITES):
        mine = [seconds for s, _, seconds in tests if s == suite]
        if mine:
            share = 100 * sum(mine) / total if total else 0
            print(f"{suite:<20} {len(mine):5d} tests {sum(mine):8.1f} s {share:5.1f} %")
        elif suite in want:
            bad.append((suite, "has no test that matches"))
    if not tests:
        bad.append(("nothing", "ran"))
    print("\n== the ten slowest tests")
    for suite, name, seconds in sorted(tests, key=lambda t: -t[2])[:10]:
        print(f"{seconds:8.2f} s  {name} [{suite}]")
    for name, lines in outputs[:FEW]:
        print(f"\n== the last lines of {name}")
        print("\n".join(lines))
    if bad:
        print(f"\n== {len(bad)} wrong")
        for name, what in bad:
            print(f"{name}: {what}")
    return 1 if bad else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", metavar="SUITE")
    parser.add_argument("--want", default="")
    parser.add_argument("builds", nargs="+")
    args = parser.parse_args()
    if args.programs:
        return print_programs(args.programs, args.builds[0])
    return report(args.builds, args.want.split())


if __name__ == "__main__":
    sys.exit(main())
