"""The exercises of notebook 10."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from ae_utils.boltzmann import BoltzmannMachine
from ae_utils.exercises.exercise import Exercise
from ae_utils.machine_stack import GaussianMachine

Machines = Sequence[BoltzmannMachine]
Case = tuple[Any, ...]
Layers = Sequence[tuple[Tensor, Tensor]]


@torch.no_grad()
def _machines(*sizes: int) -> list[BoltzmannMachine]:
    """A stack whose weights and biases are all different."""
    kinds = [BoltzmannMachine] * (len(sizes) - 2) + [GaussianMachine]
    machines = [kind(*pair) for kind, pair in zip(kinds, pairwise(sizes), strict=True)]
    for number, machine in enumerate(machines):
        for shift, parameter in enumerate(machine.parameters()):
            steps = torch.linspace(-2, 1.5, parameter.numel()) + number + 0.3 * shift
            parameter.copy_(steps.sin().view_as(parameter))
    return machines


def stack_inputs(machines: Machines, x: Tensor) -> list[Tensor]:
    """What each machine of a stack learns from."""
    inputs = [x]
    for machine in machines[:-1]:
        inputs.append(machine.hidden_mean(inputs[-1]))
    return inputs


def _stacks_with_images() -> list[Case]:
    x = torch.tensor([[0.1, 0.9, 0.4], [0.0, 1.0, 0.7]])
    return [(_machines(3, 3, 3, 3), x), (_machines(3, 4, 2, 1), x)]


def _mark_draws(inputs: Any, *arguments: Any) -> Any:
    """The inputs; of those that are all 0 and 1, which were drawn, a word."""
    if inputs is None:
        return None
    return ["only 0 and 1" if bool((u.round() == u).all()) else u for u in inputs]


def _handed_on(machines: Machines, x: Tensor, make: Any) -> list[Tensor]:
    """As `stack_inputs`, with something else handed on."""
    inputs = [x]
    for machine in machines[:-1]:
        inputs.append(make(machine, inputs[-1]))
    return inputs


STACK_INPUTS = Exercise(
    right=stack_inputs,
    cases=_stacks_with_images,
    outcome=_mark_draws,
    mistakes={
        "Every machine is shown the pixels. Each takes what the one below made of its own input.": (
            lambda machines, x: _handed_on(machines, x, lambda machine, below: x)
        ),
        "Every machine passes up the pixels. Pass up the input below, `inputs[-1]`, not `x`.": (
            lambda machines, x: _handed_on(
                machines, x, lambda machine, below: machine.hidden_mean(x)
            )
        ),
        "It hands on reconstructions: up and down again. The next machine learns hidden units.": (
            lambda machines, x: _handed_on(
                machines, x, lambda machine, u: machine.visible_mean(machine.hidden_mean(u))
            )
        ),
        "It hands on draws, 0s and 1s, which lose what the chances say: take `hidden_mean`.": (
            lambda machines, x: _handed_on(
                machines, x, lambda machine, u: torch.bernoulli(machine.hidden_mean(u))
            )
        ),
        "It hands on what arrives at the hidden units, any number: chances need the sigmoid.": (
            lambda machines, x: _handed_on(machines, x, lambda machine, u: machine.hidden_input(u))
        ),
        "It is one too long: no machine learns from the code.": (
            lambda machines, x: _handed_on(
                [*machines, machines[-1]], x, lambda machine, u: machine.hidden_mean(u)
            )
        ),
    },
)


def decoder_layers(machines: Machines) -> Layers:
    """Weights and biases of the unrolled decoder's layers, from the code on."""
    return [(machine.weight.T, machine.visible_bias) for machine in reversed(machines)]


def _without_gradients(layers: Any, *arguments: Any) -> Any:
    return layers and [[numbers.detach() for numbers in layer] for layer in layers]


def _stacks() -> list[Case]:
    return [(_machines(3, 3, 3, 3),), (_machines(4, 3, 2, 1),)]


def _with_biases_of_hidden_units(machines: Machines) -> Layers:
    biases = [machines[0].visible_bias, *(machine.hidden_bias for machine in machines[:-1])]
    return [(machine.weight.T, bias) for machine, bias in zip(machines, biases, strict=True)][::-1]


DECODER_LAYERS = Exercise(
    right=decoder_layers,
    cases=_stacks,
    outcome=_without_gradients,
    mistakes={
        "It begins at the image. The decoder begins at the code: the last machine comes first.": (
            lambda machines: [(machine.weight.T, machine.visible_bias) for machine in machines]
        ),
        "The weights lead up. On the way down they are transposed, (n_visible, n_hidden).": (
            lambda machines: [
                (machine.weight, machine.visible_bias) for machine in reversed(machines)
            ]
        ),
        "The biases are those of the units where the layer begins: take those where it arrives.": (
            lambda machines: [
                (machine.weight.T, machine.hidden_bias) for machine in reversed(machines)
            ]
        ),
        "These biases were learned on the way up, by the machine below. The units between two "
        "machines have two: down go the visible ones of the machine above.": (
            _with_biases_of_hidden_units
        ),
    },
)


def starting_weights(n_in: int, n_out: int) -> Tensor:
    """Glorot and Bengio's weights, times four."""
    bound = 4 * (6 / (n_in + n_out)) ** 0.5
    return torch.empty(n_out, n_in).uniform_(-bound, bound)


def _layer_sizes() -> list[Case]:
    return [(200, 300), (500, 100)]


def _describe_weights(weights: Any, n_in: int, n_out: int) -> Any:
    """Shape, mean, spread and range, in bounds and to a tenth: it hangs on no draw."""
    if not isinstance(weights, Tensor):
        return weights
    w = weights / (4 * (6 / (n_in + n_out)) ** 0.5)
    beyond = (w.abs() > 1.001).float().mean()
    return [
        f"shape {tuple(w.shape)}",
        f"a mean of {abs(w.mean()):.1f} bounds",
        f"a spread of {w.std():.1f} bounds",
        f"{beyond:.1f} of them beyond the bound",
    ]


STARTING_WEIGHTS = Exercise(
    right=starting_weights,
    cases=_layer_sizes,
    outcome=_describe_weights,
    mistakes={
        "They are four times too small: a sigmoid's slope at 0 is a quarter, so times four.": (
            lambda n_in, n_out: starting_weights(n_in, n_out) / 4
        ),
        "None is negative: `torch.rand` gives 0 to 1, and wanted is -1 to 1, times the bound.": (
            lambda n_in, n_out: starting_weights(n_in, n_out).abs()
        ),
        "They reach half as far as the bound: 0 to 1, less a half, still has to be doubled.": (
            lambda n_in, n_out: starting_weights(n_in, n_out) / 2
        ),
        "They are normal, so that a third lies beyond the bound: evenly within it is wanted.": (
            lambda n_in, n_out: torch.randn(n_out, n_in) * 4 * (6 / (n_in + n_out)) ** 0.5
        ),
        "n counts the units below and above: the 6 is divided by the sum of both.": (
            lambda n_in, n_out: starting_weights(n_in, n_out) * ((n_in + n_out) / n_in) ** 0.5
        ),
        "It is on its side: a layer's weights are (n_out, n_in).": (
            lambda n_in, n_out: starting_weights(n_out, n_in)
        ),
    },
)


# Find the bug: a layer that shares the machine's weights


def starting_layer(machine: BoltzmannMachine) -> nn.Linear:
    """A layer of the encoder that starts where a machine is."""
    layer = nn.Linear(machine.n_visible, machine.latent_dim)
    layer.weight.data.copy_(machine.weight.data)
    layer.bias.data.copy_(machine.hidden_bias.data)
    return layer


def _single_machines() -> list[Case]:
    return [(_machines(3, 2)[0],), (_machines(2, 3, 1)[0],)]


@torch.no_grad()
def _train_it(layer: Any, machine: BoltzmannMachine) -> Any:
    """What the layer gives at first, and what the machine is after the layer has changed."""
    if layer is None:
        return None
    first = layer(torch.eye(machine.n_visible))
    for parameter in layer.parameters():
        parameter.add_(1)
    return [first, machine.weight, machine.hidden_bias]


def _sharing(machine: BoltzmannMachine) -> nn.Linear:
    layer = nn.Linear(machine.n_visible, machine.latent_dim)
    layer.weight, layer.bias = machine.weight, machine.hidden_bias
    return layer


def _with_one_copy(machine: BoltzmannMachine, name: str) -> nn.Linear:
    layer = _sharing(machine)
    setattr(layer, name, nn.Parameter(getattr(layer, name).detach().clone()))
    return layer


STARTING_LAYER = Exercise(
    right=starting_layer,
    cases=_single_machines,
    outcome=_train_it,
    bug=_sharing,
    mistakes={
        "The weights are a copy now, the biases are still the machine's own.": (
            lambda machine: _with_one_copy(machine, "weight")
        ),
        "The biases are a copy now, the weights are still the machine's own.": (
            lambda machine: _with_one_copy(machine, "bias")
        ),
    },
)

EXERCISES = (STACK_INPUTS, DECODER_LAYERS, STARTING_WEIGHTS, STARTING_LAYER)
