"""The long experiments of the series; what each finds is written to `ae_utils/results/`.

    python -m tools.make.experiments                 all of them, about three hours
    python -m tools.make.experiments few_labels      one of them

Each results file also holds a `check`: the same computation at a small size on the embedded digits,
which runs anywhere in seconds, so that a test can tell whether the code still does what it did.

An experiment is a module here with an `EXPERIMENT`. Below stands what they share: a case trained
with several seeds, at the learning rate it needs.
"""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ae_utils.data import DataSet
from ae_utils.training import Settings

# Tried for each case with its first seed. A wide range, since networks of sigmoids that start from
# scratch want larger steps than others, and a comparison at one rate would be unfair to them.
LEARNING_RATES = (1e-3, 3e-3, 1e-2, 3e-2, 6e-2, 1e-1)

Figures = dict[str, Any]


@dataclass(frozen=True)
class Experiment:
    """An experiment, to run on MNIST and, for a check, at a small size on the embedded digits.

    Attributes:
        run: takes a data set and settings, and returns figures.
        settings: those on MNIST, a dataclass.
        small: those of the check.
    """

    run: Callable[[DataSet, Any], Figures]
    settings: Any
    small: Any


def summarize(values: Sequence[float]) -> Figures:
    """The values of all seeds, with their mean and standard deviation."""
    sd = statistics.stdev(values) if len(values) > 1 else 0.0
    return {"all": list(values), "mean": statistics.fmean(values), "sd": sd}


def add_run(
    case: Figures, train: Callable[[Settings], Figures], how: Settings, lrs: Sequence[float]
) -> None:
    """Train once more for a case, at its learning rate; the first time, at each of `lrs`.

    Args:
        case: what is known of the case. Gets what `train` returns, each figure in a list; the first
            time also 'lr', the rate found best, and the 'selection errors' of all rates.
        train: trains a network of its own and returns figures; by the lowest 'selection error',
            which no test image may have a part in, the rate is chosen.
        how: the settings for `train`, but for the learning rate.
        lrs: to choose from.
    """
    trials = {lr: train(replace(how, lr=lr)) for lr in ([case["lr"]] if "lr" in case else lrs)}
    selection = {lr: trial.pop("selection error") for lr, trial in trials.items()}
    best = min(selection, key=lambda lr: selection[lr])
    if "lr" not in case:
        case |= {"lr": best, "selection errors": {f"{lr:g}": e for lr, e in selection.items()}}
    for name, value in trials[best].items():
        case.setdefault(name, []).append(value)
    print(f"seed {how.seed}, {how.steps} steps: {trials[best]} at {best:g}")
