"""The exercise of notebook 2 that builds a matrix into a model."""

from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from ae_utils.exercises.exercise import Case, Exercise, Function
from ae_utils.models import dense_autoencoder

RIGHT: dict[str, Function] = {  # of the layer that makes the code, and the one that takes it in
    "weight": lambda A, w: A @ w,
    "bias": lambda A, b: A @ b,
    "weight_up": lambda A, w: w @ A.inverse(),
    "bias_up": lambda A, b: b,
}


@torch.no_grad()
def _change(model: Any, A: Tensor, **changes: Function) -> Any:
    """Change a model around its code: rightly, but for the changes given."""
    last, first_up, changes = model.encoder[-1], model.decoder[0], RIGHT | changes
    last.weight.copy_(changes["weight"](A, last.weight))
    last.bias.copy_(changes["bias"](A, last.bias))
    first_up.weight.copy_(changes["weight_up"](A, first_up.weight))
    first_up.bias.copy_(changes["bias_up"](A, first_up.bias))
    return model


def _changing(**changes: Function) -> Function:
    return lambda model, A: _change(deepcopy(model), A, **changes)


def warp(model: Any, A: Tensor) -> Any:
    """A copy of a model whose codes are multiplied by A, with the same reconstructions."""
    return _change(deepcopy(model), A)


def _assign(model: Any, A: Tensor) -> Any:
    """Puts a tensor where the layer has a parameter."""
    last = deepcopy(model).encoder[-1]
    last.weight = A @ last.weight


def _change_with_gradient(model: Any, _: Tensor) -> Any:
    """Changes a parameter in place, outside of `no_grad`."""
    deepcopy(model).encoder[-1].weight.zero_()


def _tiny_model() -> list[Case]:
    """A model of three hidden units, so that a matrix on the wrong side does not fit."""
    model: Any = dense_autoencoder(2, widths=(3,), seed=1)
    nn.init.constant_(model.encoder[-1].bias, 0.5)
    nn.init.constant_(model.decoder[0].bias, 0.25)
    return [(model, torch.tensor([[1.0, 2.0], [-0.5, 1.5]]))]


@torch.no_grad()
def _codes_and_images(warped: Any, model: Any, _: Tensor) -> list[Tensor]:
    """The warped model's codes and reconstructions of two images, and the model's own codes."""
    x = torch.linspace(0, 1, 2 * 784).reshape(2, 1, 28, 28)
    z = warped.encode(x)
    return [z, warped.decode(z), model.encode(x)]


def _transposed(A: Tensor, parameter: Tensor) -> Tensor:
    return A.T @ parameter


def _transposed_up(A: Tensor, weight: Tensor) -> Tensor:
    return weight @ A.inverse().T


TRANSPOSED = (
    "With A.T the codes become A.T z: `z @ A.T` is for codes in rows, and a layer computes "
    "weight @ x + bias, "
)

WARP = Exercise(
    right=warp,
    cases=_tiny_model,
    outcome=_codes_and_images,
    mistakes={
        "The decoder multiplies by A once more, where it should undo it: give it "
        "`A.inverse()`.": _changing(weight_up=lambda A, w: w @ A),
        "The decoder does not know of A yet: multiply its first weight by "
        "`A.inverse()`.": _changing(weight_up=lambda A, w: w),
        "The code is weight times input plus bias, and the bias is as it was: A multiplies "
        "both.": _changing(bias=lambda A, b: b),
        f"{TRANSPOSED}so it is `A @ weight`.": _changing(weight=_transposed),
        f"{TRANSPOSED}so it is `A @ weight` and `A @ bias`.": (
            _changing(weight=_transposed, bias=_transposed)
        ),
        f"{TRANSPOSED}so it is `A @ weight` and `A @ bias`; the decoder gets `A.inverse()`.": (
            _changing(weight=_transposed, bias=_transposed, weight_up=_transposed_up)
        ),
        f"{TRANSPOSED}so it is `A @ bias`.": _changing(bias=_transposed),
        "The decoder's weight needs the inverse of A, not that of A.T: `weight @ A.inverse()`.": (
            _changing(weight_up=_transposed_up)
        ),
        "In the encoder A stands on the wrong side: it comes after the layer, and so to the left "
        "of its weight, `A @ weight`.": _changing(weight=lambda A, w: w @ A),
        "In the decoder the inverse stands on the wrong side: it comes before the layer, and so "
        "to the right of its weight.": _changing(weight_up=lambda A, w: A.inverse() @ w),
        "Leave the decoder's bias as it is: it is added after A has been undone.": (
            _changing(bias_up=lambda A, b: A.inverse() @ b)
        ),
        "The bias of the decoder is added after A has been undone: leave it as it is.": (
            _changing(bias_up=lambda A, b: b @ A.inverse())
        ),
        "A layer's weight is a parameter, and no tensor can be put in its place: overwrite its "
        "numbers, `layer.weight.copy_(...)`.": _assign,
        "PyTorch keeps a record of what happens to a weight: change it under "
        "`with torch.no_grad():`.": _change_with_gradient,
        "It changes the model itself, and not a copy: begin with `deepcopy(model)`.": _change,
    },
)
