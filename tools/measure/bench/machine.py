"""The machine that the measurements are made on, and how many of its cores they use."""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import torch

from ae_utils.device import choose_device

ALL_CORES = torch.get_num_threads()  # PyTorch's own choice, before anyone made another
PACKAGES = ("torch", "torchvision", "numpy", "matplotlib", "ipywidgets", "scikit-learn")


@contextmanager
def use_threads(n_threads: int) -> Iterator[None]:
    """Compute on so many threads inside the block, and on as many as before after it."""
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def describe_machine() -> str:
    """Processor, GPU, Python and the packages that matter here, in two lines."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    processor = names[0] if names else platform.processor() or platform.machine()
    load = f", load {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else ""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{processor}, {os.cpu_count()} cores{load}; {describe_device()}; {platform.system()}\n"
        f"Python {platform.python_version()}, {packages}"
    )


def describe_device() -> str:
    """Say whether a GPU was used, and which."""
    device = choose_device()
    if device.type == "cuda":
        return f"GPU used: {torch.cuda.get_device_name()}"
    return "Apple GPU used" if device.type == "mps" else "no GPU used"
