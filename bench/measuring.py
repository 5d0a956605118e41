"""Runs commands and says what they cost: the median of several runs, contestants taking turns."""

import dataclasses
import json
import os
import pathlib
import statistics
import subprocess
import tempfile

RAYCTL = pathlib.Path(os.environ["RAYCTL"]).absolute()
TOOLS = RAYCTL.parent / "bench"


class Refused(Exception):
    """A contestant did not do what it was started for, so its time means nothing."""


@dataclasses.dataclass
class Contestant:
    name: str
    words: list
    runs: int = 5
    timeout: int = 300  # seconds
    status: int = 0  # the exit status that means it did its work
    cwd: pathlib.Path | None = None
    env: dict | None = None
    before: object = None  # called before each run


@dataclasses.dataclass
class Cost:
    """Medians. `wall` is None when the runs did not end within `timeout` seconds."""

    name: str
    runs: int
    wall: float | None  # seconds
    best: float = 0.0  # seconds: the fastest run's wall time, which other work on the machine disturbed least
    cpu: float = 0.0  # seconds, children included
    peak: int = 0  # bytes, of the largest process
    timeout: int = 0


def run_once(contestant):
    if contestant.before:
        contestant.before()
    with tempfile.TemporaryDirectory() as scratch:
        result, output = pathlib.Path(scratch, "result"), pathlib.Path(scratch, "output")
        with output.open("wb") as out:
            subprocess.run(
                [TOOLS / "measure", result, str(contestant.timeout), *contestant.words], cwd=contestant.cwd,
                env=contestant.env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, check=True)
        cost = json.loads(result.read_text())
        if cost["status"] not in (None, contestant.status):
            said = output.read_text(errors="replace")[-2000:]
            raise Refused(f"{contestant.name}: exit {cost['status']}, expected {contestant.status}:\n{said}")
        return cost


def race(contestants):
    """Cost of each. They take turns, so that a busy moment of the machine disturbs all alike."""
    costs = {each.name: [] for each in contestants}
    for turn in range(max(each.runs for each in contestants)):
        for each in contestants:
            mine = costs[each.name]
            if turn < each.runs and not (mine and mine[-1]["status"] is None):
                mine.append(run_once(each))
    return [summary(each, costs[each.name]) for each in contestants]


def summary(contestant, costs):
    if any(cost["status"] is None for cost in costs):
        return Cost(contestant.name, len(costs), None, timeout=contestant.timeout)
    wall, cpu, peak = (statistics.median(cost[key] for cost in costs) for key in ("wall_s", "cpu_s", "peak_bytes"))
    return Cost(contestant.name, len(costs), wall, min(cost["wall_s"] for cost in costs), cpu, peak)


def seconds(value):
    if value < 1:
        return f"{value * 1000:.1f} ms"
    return f"{value:.2f} s"


def table(costs, against):
    """Markdown. The columns with a cross say how many times the cost of `against` a row has."""
    base = next(cost for cost in costs if cost.name == against)
    lines = ["| | wall time, median (best) | CPU time | peak memory | × best wall | × CPU | × memory | runs |",
             "|---|--:|--:|--:|--:|--:|--:|--:|"]
    for cost in costs:
        if cost.wall is None:
            lines.append(f"| {cost.name} | more than {cost.timeout} s | | | | | | {cost.runs} |")
            continue
        ratios = " | | "
        if base.wall is not None:
            ratios = " | ".join(f"{mine / its:.2g}" if mine < 10 * its else f"{mine / its:.0f}" for mine, its in (
                (cost.best, base.best), (cost.cpu, base.cpu), (cost.peak, base.peak)))
        lines.append(f"| {cost.name} | {seconds(cost.wall)} ({seconds(cost.best)}) | {seconds(cost.cpu)} "
                     f"| {cost.peak / 1e6:.1f} MB | {ratios} | {cost.runs} |")
    return "\n".join(lines)
