"""Networks, numbers and images as the playground carries them."""

import base64
from typing import Any

import torch
from torch import Tensor, nn

from ae_utils.layers import PIXEL_MEAN, PIXEL_SD, Standardize

N_COLUMNS = 50  # of the picture that holds the images
FUNCTIONS: dict[type[nn.Module], str] = {
    nn.Tanh: "tanh",
    nn.SiLU: "silu",
    nn.Sigmoid: "sigmoid",
    nn.LeakyReLU: "leaky",
}
CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)


def export_layers(network: nn.Module) -> list[dict[str, Any]]:
    """An encoder or decoder as a list of layers for the page's script.

    Args:
        network: linear layers, convolutions of 3 x 3 whose output is 1 / `stride` times as wide as
            the input, transposed ones, `stride` times as wide, and functions, one after the other.

    Raises:
        TypeError: if it holds a layer that the page cannot compute.
    """
    layers: list[dict[str, Any]] = []
    for module in network.children():
        numbers = {name: pack(each) for name, each in module.named_parameters()}
        if isinstance(module, nn.Linear):
            layers.append({"kind": "linear", **numbers})
        elif isinstance(module, CONVOLUTIONS) and module.kernel_size == (3, 3):
            kind = "transposed" if module.transposed else "convolution"
            layers.append({"kind": kind, "stride": module.stride[0], **numbers})
        elif type(module) in FUNCTIONS:
            slope = getattr(module, "negative_slope", None)
            layers.append({"kind": FUNCTIONS[type(module)], "slope": slope})
        elif isinstance(module, Standardize):
            layers.append({"kind": "standardize", "mean": PIXEL_MEAN, "sd": PIXEL_SD})
        elif not isinstance(module, nn.Flatten | nn.Unflatten):
            raise TypeError(
                f"network: the page cannot compute its layer {module}.\n"
                "Add it here and in network.js, or leave the model out of MODELS."
            )
    return layers


def pack(numbers: Tensor) -> dict[str, str]:
    """Numbers of any shape as text: 16 bits each where that loses nothing, else 32."""
    numbers = numbers.detach().cpu().contiguous()
    half = numbers.half()
    kept = half if half.float().equal(numbers) else numbers
    return {"type": str(kept.dtype).removeprefix("torch."), "base64": to_text(kept.numpy())}


def lay_out(images: Tensor) -> Tensor:
    """One picture of many images, row after row.

    Args:
        images: uint8 (N, 1, 28, 28).

    Returns:
        float32 (rows * 28, N_COLUMNS * 28), 0..1.
    """
    n_rows = -(-len(images) // N_COLUMNS)
    tiles = torch.zeros(n_rows * N_COLUMNS, 28, 28)
    tiles[: len(images)] = images[:, 0] / 255
    by_row = tiles.view(n_rows, N_COLUMNS, 28, 28).transpose(1, 2)
    return by_row.reshape(n_rows * 28, N_COLUMNS * 28)


def to_text(data: Any) -> str:
    """Bytes as text that JSON can hold."""
    return base64.b64encode(data).decode("ascii")
