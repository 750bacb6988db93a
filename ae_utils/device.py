"""How PyTorch computes: on a GPU where there is one, and in 32 bits."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


def choose_device(name: str = "auto") -> torch.device:
    """The device to train on: a CUDA or Apple GPU where there is one, else the CPU.

    Args:
        name: 'auto', 'cpu', 'cuda' or 'mps'. Where the one asked for is missing, a printed line
            says so and the CPU is used.

    Raises:
        ValueError: if the name is none of these.
    """
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    present = {"cuda": cuda, "mps": mps, "cpu": True}
    if name == "auto":
        return torch.device(next(device for device, is_there in present.items() if is_there))
    if name not in present:
        raise ValueError(f"device: got {name!r}. Pass 'auto', 'cpu', 'cuda' or 'mps'.")
    if not present[name]:
        print(f"Using the CPU because PyTorch finds no usable '{name}' device here.")
        return torch.device("cpu")
    return torch.device(name)


@contextmanager
def ordinary_arithmetic() -> Iterator[None]:
    """Compute in 32 bits and note down what gradients need, whatever the caller has switched on.

    That may be autocast, `no_grad`, `inference_mode` or another default type of numbers. After the
    block, or the function that this decorates, it holds again.
    """
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        with (
            torch.inference_mode(False), torch.enable_grad(), torch.autocast("cpu", enabled=False),
            torch.autocast("cuda", enabled=False), torch.autocast("mps", enabled=False),
        ):  # fmt: skip
            yield
    finally:
        torch.set_default_dtype(default)
        torch.clear_autocast_cache()  # it may hold weights as they were before a training
