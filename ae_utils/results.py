"""Results of the long experiments, computed by `make experiments` and shipped with the package."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("results")


def load_results(name: str) -> dict[str, Any]:
    """What an experiment found on MNIST: 'data', 'settings', 'figures', 'seconds', 'torch'.

    And 'check': the same computation at a small size on the embedded digits.

    Args:
        name: 'few_labels', 'deep_30d', 'unrolled', 'machine_stack', 'post' or 'variational'; what
            they are, says `tools/make/experiments`.

    Raises:
        ValueError: if there is no such experiment.
    """
    names = sorted(file.stem for file in FOLDER.glob("*.json"))
    if name not in names:
        raise ValueError(f"no results are called {name!r}. There are: {', '.join(names)}.")
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
