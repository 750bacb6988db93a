"""The exercise of notebook 2 that compares runs which differ in one thing only."""

from itertools import product
from typing import Any

from ae_utils.exercises.exercise import Exercise

Runs = list[dict[str, Any]]


def third_number(runs: Runs) -> float:
    """What a third number adds to the accuracy of a run that is alike in everything else."""
    return _mean_gain(runs, "layers", "bend", "steps")


def _mean_gain(runs: Runs, *same: str) -> float:
    """The mean gain from two numbers to three over all pairs of runs alike in some respects."""
    gains = [
        more["accuracy"] - less["accuracy"]
        for less, more in product(runs, runs)
        if (less["numbers"], more["numbers"]) == (2, 3)
        if all(less[key] == more[key] for key in same)
    ]
    return sum(gains) / len(gains)


def _compare_by_steps(runs: Runs, choose: Any) -> float:
    """Compares the longest training of each size, or the shortest, as it is chosen."""
    chosen = {}
    for numbers in (2, 3):
        some = [run for run in runs if run["numbers"] == numbers]
        chosen[numbers] = choose(some, key=lambda run: run["steps"])
    return float(chosen[3]["accuracy"] - chosen[2]["accuracy"])


def _compare_best(runs: Runs) -> float:
    best = {n: max(run["accuracy"] for run in runs if run["numbers"] == n) for n in (2, 3)}
    return best[3] - best[2]


def _compare_with(runs: Runs, key: str, value: Any) -> float:
    """Compares the runs in which something is as in the notebook's pair."""
    return _compare_best([run for run in runs if run[key] == value])


def _some_runs() -> list[tuple[Runs]]:
    """Runs with one fair pair each: in the first it is like that of the notebook."""
    columns = ("numbers", "layers", "bend", "steps", "accuracy")
    first = [
        (3, "128-128", "silu", 6_000, 0.77),  # the pair: 0.15 more
        (2, "20-10", "tanh", 9_000, 0.70),
        (2, "128-128", "silu", 6_000, 0.62),
        (3, "10", "tanh", 9_000, 0.69),
        (3, "20-10", "tanh", 500, 0.72),
    ]
    second = [
        (2, "128-128", "tanh", 6_000, 0.70),
        (3, "32", "silu", 900, 0.82),
        (3, "128-128", "tanh", 3_000, 0.71),
        (2, "32", "tanh", 900, 0.58),  # the pair: 0.13 more
        (3, "64", "tanh", 6_000, 0.77),
        (2, "64", "silu", 600, 0.62),
        (3, "16", "tanh", 500, 0.66),
        (3, "32", "tanh", 900, 0.71),
    ]
    tables = [[dict(zip(columns, row, strict=True)) for row in rows] for rows in (first, second)]
    return [(table,) for table in tables]


THIRD_NUMBER = Exercise(
    right=third_number,
    cases=_some_runs,
    bug=lambda runs: _compare_by_steps(runs, max),
    mistakes={
        "Now the best of each size are compared, and these may differ in much else: compare runs "
        "that have the same layers, the same bend and the same steps.": _compare_best,
        "Now the shortest training of each size is taken, and these differ in much else, too: "
        "compare runs that have the same layers, the same bend and the same steps.": (
            lambda runs: _compare_by_steps(runs, min)
        ),
        "It compares averages over unlike runs: compare pairs that have the same layers, the same "
        "bend and the same steps.": _mean_gain,
        "The pairs have the same steps, and differ in something else yet.": (
            lambda runs: _mean_gain(runs, "steps")
        ),
        "The pairs have the same layers and steps, but not the same bend.": (
            lambda runs: _mean_gain(runs, "layers", "steps")
        ),
        "The pairs have the same bend and steps, but not the same layers.": (
            lambda runs: _mean_gain(runs, "bend", "steps")
        ),
        "The pairs have the same layers and bend, but not the same steps.": (
            lambda runs: _mean_gain(runs, "layers", "bend")
        ),
        "It finds the fair pair of this notebook by its bend, 'silu': write it for any runs, of "
        "which two have the same layers, bend and steps.": (
            lambda runs: _compare_with(runs, "bend", "silu")
        ),
        "It finds the fair pair of this notebook by its 6,000 steps: write it for any runs, of "
        "which two have the same layers, bend and steps.": (
            lambda runs: _compare_with(runs, "steps", 6_000)
        ),
        "It finds the fair pair of this notebook by its layers: write it for any runs, of which "
        "two have the same layers, bend and steps.": (
            lambda runs: _compare_with(runs, "layers", "128-128")
        ),
        "It takes two runs by their places in the list: write it for any runs, in any order, of "
        "which two have the same layers, bend and steps.": (
            lambda runs: runs[3]["accuracy"] - runs[2]["accuracy"]
        ),
    },
)
