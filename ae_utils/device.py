"""The processor that trains: a GPU where there is one."""

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
