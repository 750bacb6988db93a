"""The exercises of notebook 10."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from ae_utils.boltzmann import BoltzmannMachine
from ae_utils.exercises.exercise import Case, Exercise
from ae_utils.machine_stack import GaussianMachine, Machines

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
    return ["only 0 and 1" if bool((u.round() == u).all()) else u.detach() for u in inputs]


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
        "The images are missing: the first machine learns from x itself.": (
            lambda machines, x: stack_inputs([*machines, machines[-1]], x)[1:]
        ),
        "It is one too long: no machine learns from the code.": (
            lambda machines, x: stack_inputs([*machines, machines[-1]], x)
        ),
    },
)


def decoder_layers(machines: Machines) -> Layers:
    """Weights and biases of the unrolled decoder's layers, from the code on."""
    return [(machine.weight.T, machine.visible_bias) for machine in reversed(machines)]


def _without_gradients(layers: Layers, *arguments: Any) -> list[list[Tensor]]:
    return [[numbers.detach() for numbers in layer] for layer in layers]


def _with_biases_of_hidden_units(machines: Machines) -> Layers:
    biases = [machines[0].visible_bias, *(machine.hidden_bias for machine in machines[:-1])]
    return [(machine.weight.T, bias) for machine, bias in zip(machines, biases, strict=True)][::-1]


DECODER_LAYERS = Exercise(
    right=decoder_layers,
    cases=lambda: [(_machines(3, 3, 3, 3),), (_machines(4, 3, 2, 1),)],
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


def _describe_weights(weights: Any, n_in: int, n_out: int) -> Any:
    """Shape, mean, spread and reach, in bounds and rounded: it hangs on no draw."""
    w = weights / (4 * (6 / (n_in + n_out)) ** 0.5)
    beyond = (w.abs() > 1.001).float().mean()
    return [
        f"shape {tuple(w.shape)}",
        f"a mean of {abs(w.mean()):.1f} bounds",
        f"a spread of {w.std():.1f} bounds",
        f"a reach of {w.abs().max().clamp(max=2):.2f} bounds",
        f"{beyond:.1f} of them beyond the bound",
    ]


STARTING_WEIGHTS = Exercise(
    right=starting_weights,
    cases=lambda: [(200, 300), (500, 100)],
    outcome=_describe_weights,
    mistakes={
        "They are four times too small: a sigmoid's slope at 0 is a quarter, so times four.": (
            lambda n_in, n_out: starting_weights(n_in, n_out) / 4
        ),
        "None is negative: `torch.rand` gives 0 to 1, and wanted is -1 to 1, times the bound.": (
            lambda n_in, n_out: starting_weights(n_in, n_out).abs()
        ),
        "They reach half as far as the bound. Either 0 to 1, less a half, is to be doubled, or the "
        "four stands inside the root.": (lambda n_in, n_out: starting_weights(n_in, n_out) / 2),
        "The root is missing: the bound is 4 times the root of 6 / (n_in + n_out).": (
            lambda n_in, n_out: starting_weights(n_in, n_out) * (6 / (n_in + n_out)) ** 0.5
        ),
        "These are `nn.Linear`'s own weights, many times too small: draw within the bound.": (
            lambda n_in, n_out: nn.Linear(n_in, n_out).weight
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


def starting_layer(machine: BoltzmannMachine) -> nn.Linear:
    """A layer of the encoder that starts where a machine is."""
    layer = nn.Linear(machine.n_visible, machine.latent_dim)
    layer.weight.data.copy_(machine.weight.data)
    layer.bias.data.copy_(machine.hidden_bias.data)
    return layer


@torch.no_grad()
def _train_it(layer: nn.Linear, machine: BoltzmannMachine) -> list[Any]:
    """What the layer gives, whether it can be trained, and what that does to the machine."""
    first, given = layer(torch.eye(machine.n_visible)), list(layer.parameters())
    shared = layer.weight is machine.weight and layer.bias is machine.hidden_bias
    for parameter in given:
        parameter.add_(1)
    kind = "trainable" if all(each.requires_grad for each in given) else "frozen"
    whose = "the machine's own" if shared else "its own"
    return [first, kind, f"{whose} Parameters", *map(_copy, (machine.weight, machine.hidden_bias))]


def _layer_of(weight: Tensor, bias: Tensor, *, trainable: bool = True) -> nn.Linear:
    """A layer of these numbers; Parameters are taken as they are."""
    layer = nn.Linear(*weight.T.shape)
    for name, given in (("weight", weight), ("bias", bias)):
        own = given if isinstance(given, nn.Parameter) else nn.Parameter(given, trainable)
        setattr(layer, name, own)
    return layer


def _copy(numbers: Tensor) -> Tensor:
    return numbers.detach().clone()


STARTING_LAYER = Exercise(
    right=starting_layer,
    cases=lambda: [(_machines(3, 2)[0],), (_machines(2, 3, 1)[0],)],
    outcome=_train_it,
    bug=lambda machine: _layer_of(machine.weight, machine.hidden_bias),
    mistakes={
        "The weights are a copy now, the biases are still the machine's own.": (
            lambda machine: _layer_of(_copy(machine.weight), machine.hidden_bias)
        ),
        "The biases are a copy now, the weights are still the machine's own.": (
            lambda machine: _layer_of(machine.weight, _copy(machine.hidden_bias))
        ),
        "A new Parameter around the same numbers: copy the numbers with `.clone()`.": (
            lambda machine: _layer_of(machine.weight.data, machine.hidden_bias.data)
        ),
        "The copy is frozen, and it is to be fine-tuned: leave `requires_grad` on.": (
            lambda machine: _layer_of(
                _copy(machine.weight), _copy(machine.hidden_bias), trainable=False
            )
        ),
    },
)

EXERCISES = (STACK_INPUTS, DECODER_LAYERS, STARTING_WEIGHTS, STARTING_LAYER)
