"""Run the long experiments on MNIST, and write down what they find."""

import json
import time
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from ae_utils.data import DataSet, load_digits
from tools.commands import ROOT, choose, write_whole
from tools.make.experiments import Experiment, Figures

RESULTS = ROOT / "ae_utils" / "results"
EXPERIMENTS: dict[str, Experiment] = {
    path.stem: import_module(f"tools.make.experiments.{path.stem}").EXPERIMENT
    for path in sorted(Path(__file__).parent.glob("[a-z]*.py"))
}


def describe(experiment: Experiment, digits: DataSet, settings: Any) -> Figures:
    """Run an experiment; return its figures with all that is needed to run it again."""
    start = time.process_time()
    figures = experiment.run(digits, settings)
    return {
        "data": str(digits),
        "settings": asdict(settings),
        "figures": figures,
        "seconds": round(time.process_time() - start, 1),  # of one processor core
        "torch": torch.__version__,
    }


def main() -> None:
    """Run what was asked for, and write each result down as soon as it is there."""
    names = choose(EXPERIMENTS, "Run the long experiments of the series.")
    torch.set_num_threads(1)
    mnist, digits = load_digits("mnist"), load_digits("digits")
    for name in names:
        each = EXPERIMENTS[name]
        result = describe(each, mnist, each.settings)
        result["check"] = describe(each, digits, each.small)
        write_whole(RESULTS / f"{name}.json", json.dumps(result, indent=1) + "\n")
        print(f"{name}: {result['seconds']:.0f} s")


if __name__ == "__main__":
    main()
