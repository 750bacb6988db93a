"""How long a notebook waits for the package's modules, beyond the wait for PyTorch itself."""

import statistics
import subprocess
import sys

from tools.commands import ROOT
from tools.measure.bench.report import Result

MODULES = [f"ae_utils.{path.stem}" for path in sorted((ROOT / "ae_utils").glob("[a-z]*.py"))]
N_REPETITIONS = 5

# PyTorch comes first, and is not counted. What is new afterwards belongs to the module.
TIME_IMPORT = """
import sys, time, torch
before, start = set(sys.modules), time.perf_counter()
__import__(sys.argv[1])
print(time.perf_counter() - start)
print(*{name.split(".")[0] for name in sys.modules.keys() - before})
"""
LARGE = {"matplotlib", "ipywidgets", "sklearn", "scipy", "pandas", "torchvision", "safetensors"}


def bench_imports(n_repetitions: int = N_REPETITIONS) -> Result:
    """The time of each module's import, in processes of their own, in turns."""
    seconds: dict[str, list[float]] = {module: [] for module in MODULES}
    brings: dict[str, str] = {}
    for _ in range(n_repetitions):
        for module in MODULES:
            elapsed, loaded = time_import(module)
            seconds[module].append(elapsed)
            brings[module] = ", ".join(sorted(LARGE & loaded))
    medians = {module: statistics.median(times) for module, times in seconds.items()}
    return Result(
        "Importing the package",
        f"{n_repetitions} processes a module, in turns; PyTorch is loaded before and not counted",
        ["module", "seconds (median)", "brings along"],
        [[module, f"{median:.3f}", brings[module]] for module, median in medians.items()],
        medians,
        "seconds beyond PyTorch's own (median)",
        "{:.3f}",
    )


def time_import(module: str) -> tuple[float, set[str]]:
    """Seconds that a module takes in a fresh process, and the packages that came with it."""
    command = [sys.executable, "-c", TIME_IMPORT, module]
    result = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    elapsed, loaded = result.stdout.splitlines()[-2:]
    return float(elapsed), set(loaded.split())
