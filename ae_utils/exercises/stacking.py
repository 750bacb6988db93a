"""The exercises of notebook 5."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from ae_utils.exercises.denoising import DENOISE, MASK
from ae_utils.exercises.exercise import Exercise, Function
from ae_utils.layers import seeded
from ae_utils.stacking import LayerAutoencoder, Layers, stack, unroll

Train = Callable[[nn.Module, Tensor], None]


class Trainer:
    """Stands for a training: notes what each layer was trained on, and moves its weights.

    Attributes:
        seen: what the layers were trained on, in order.
    """

    def __init__(self) -> None:
        self.seen: list[Tensor] = []

    def __call__(self, layer: nn.Module, h: Tensor) -> None:
        """Train `layer` on `h`."""
        self.seen.append(h.detach().clone())
        _move(layer)


def greedy(layers: Layers, x: Tensor, train: Train) -> Tensor:
    """What the last layer makes of x, when each has been trained on what those below make of it."""
    h = x
    for layer in layers:
        train(layer, h)
        h = layer.encoder(h)
    return h


def _greedy_with(
    inputs: Callable[[Tensor, Tensor], Tensor],
    outputs: Callable[[LayerAutoencoder, Tensor], Tensor],
) -> Function:
    """The same loop, but for what a layer is trained on, of x and h, and what it passes on."""

    def loop(layers: Layers, x: Tensor, train: Train) -> Tensor:
        h = x
        for layer in layers:
            train(layer, inputs(x, h))
            h = outputs(layer, inputs(x, h))
        return h

    return loop


def _greedy_too_early(layers: Layers, x: Tensor, train: Train) -> Tensor:
    for layer in layers:
        h = layer.encoder(x)
        train(layer, x)
        x = h
    return x


def _greedy_from_below(layers: Layers, x: Tensor, train: Train) -> Tensor:
    for depth in range(1, len(layers) + 1):
        train(unroll(layers[:depth]), x)
    return stack(layers)(x)


def _greedy_layers(layers: Layers, x: Tensor, train: Train) -> Layers:
    greedy(layers, x, train)
    return layers


def _describe_training(h: Tensor, layers: Layers, x: Tensor, train: Trainer) -> list[Any]:
    """What each training saw, what was returned, and the weights of the layers."""
    tables = [f"training {number} on {_round(seen)}" for number, seen in enumerate(train.seen, 1)]
    return [*tables, f"{_round(h)} returned", _all_weights(layers)]


GREEDY = Exercise(
    right=greedy,
    cases=lambda: [(_three_layers(), _two_rows(), Trainer())],
    mistakes={
        "Every layer is trained on x: train it on h, and pass h on through its encoder.": (
            _greedy_with(lambda x, h: x, lambda layer, h: layer.encoder(h))
        ),
        "The next layer gets a reconstruction: pass on the activations, `layer.encoder(h)`.": (
            _greedy_with(lambda x, h: h, lambda layer, h: layer(h))
        ),
        "The activations come from the layer as it was before: train it first, then pass on.": (
            _greedy_too_early
        ),
        "The layers below moved as well: train `layer` alone, on what they make of x.": (
            _greedy_from_below
        ),
        "It returns the layers, which are trained now: return the activations, what the last "
        "encoder puts out.": _greedy_layers,
    },
    outcome=_describe_training,
)


def unrolled(layers: Layers) -> nn.Sequential:
    """The deep autoencoder of copies of the layers."""
    layers = deepcopy(layers)
    ups, downs = ([getattr(x, half) for x in layers] for half in ("encoder", "decoder"))
    return nn.Sequential(*ups, *downs[::-1])


def _unroll_and_tune(model: nn.Module, layers: Layers) -> list[Tensor]:
    """What the model gives, and the weights of the layers after it has been trained."""
    x_hat = model(_two_rows()).detach()
    _move(model)
    return [x_hat, _all_weights(layers)]


def _unrolled_and_turned(layers: list[LayerAutoencoder]) -> nn.Module:
    model = unrolled(layers)
    layers.reverse()
    return model


UNROLLED = Exercise(
    right=unrolled,
    cases=lambda: [(_three_layers(),)],
    mistakes={
        "The decoders stand in the order of the encoders: the last one has to come first.": (
            lambda layers: nn.Sequential(
                *(x.encoder for x in deepcopy(layers)), *(x.decoder for x in deepcopy(layers))
            )
        ),
        "It ends at the code: that is the stack. The decoders have to follow.": (
            lambda layers: nn.Sequential(*(x.encoder for x in deepcopy(layers)))
        ),
        "Each layer comes down again at once: first all encoders, then all decoders.": (
            lambda layers: nn.Sequential(*deepcopy(layers))
        ),
        "It holds the layers themselves, so that training it moves them: use `deepcopy`.": (
            lambda layers: nn.Sequential(
                *(x.encoder for x in layers), *(x.decoder for x in reversed(layers))
            )
        ),
        "The encoders are copies, the decoders are the layers' own: `deepcopy` them as well.": (
            lambda layers: nn.Sequential(
                *(x.encoder for x in deepcopy(layers)), *(x.decoder for x in reversed(layers))
            )
        ),
        "The encoders stand in the order of the decoders: only the decoders are turned round.": (
            lambda layers: nn.Sequential(
                *(x.encoder for x in deepcopy(layers)[::-1]),
                *(x.decoder for x in deepcopy(layers)[::-1]),
            )
        ),
        "The list that you were given has changed: `reversed(layers)` leaves it alone.": (
            _unrolled_and_turned
        ),
        "A list is no network yet: return `nn.Sequential(*parts)`.": (
            lambda layers: list(unrolled(layers))
        ),
        "A function has no weights that a training could find: return an `nn.Sequential`.": (
            lambda layers: lambda x: unrolled(layers)(x)
        ),
    },
    outcome=_unroll_and_tune,
)


def _two_rows() -> Tensor:
    return torch.tensor([[0.0, 1.0], [3.0, -2.0]])


def _three_layers() -> list[LayerAutoencoder]:
    with seeded(0):
        return [LayerAutoencoder(2, 2, "sigmoid") for _ in range(3)]


@torch.no_grad()
def _move(model: nn.Module) -> None:
    """Change all weights, as a training does."""
    for weight in model.parameters():
        weight.mul_(-2)


def _round(numbers: Tensor) -> str:
    """Numbers to two decimals, in words."""
    return str([[float(f"{number:.2f}") for number in row] for row in numbers.tolist()])


def _all_weights(layers: Layers) -> Tensor:
    """All weights of some layers, in a row."""
    return torch.cat([w.detach().flatten() for w in nn.ModuleList(layers).parameters()])


EXERCISES = (MASK, GREEDY, UNROLLED, DENOISE)
