"""The exercises of notebook 9."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ae_utils.exercises.exercise import Case, Exercise
from ae_utils.machine_likelihood import all_states


def _free_energy(v: Tensor, W: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """As notebook 9 has it."""
    return -(v @ b) - F.softplus(v @ W.T + c).sum(1)


def _machine(n_visible: int, n_hidden: int) -> tuple[Tensor, Tensor, Tensor]:
    """Weights and biases, all different, float64."""
    size = n_hidden * n_visible
    steps = torch.linspace(-1.5, 2, size + n_visible + n_hidden, dtype=torch.float64).sin()
    W, b, c = steps.split([size, n_visible, n_hidden])
    return W.view(n_hidden, n_visible), b, c


def hidden_free_energy(h: Tensor, W: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """-log of the sum of exp(-energy) over all pictures."""
    return -(h @ c) - F.softplus(h @ W + b).sum(1)


HIDDEN_FREE_ENERGY = Exercise(
    right=hidden_free_energy,
    cases=lambda: [(all_states(2), *_machine(n, 2)) for n in (2, 3)],
    mistakes={
        "Its sign is turned: likely states have a low free energy. Put a minus before each sum.": (
            lambda h, W, b, c: h @ c + F.softplus(h @ W + b).sum(1)
        ),
        "It counts each pixel as on. Each is off or on: that is log(1 + e^t), `F.softplus`.": (
            lambda h, W, b, c: -(h @ c) - (h @ W + b).sum(1)
        ),
        "The biases are swapped: c goes with the hidden units, b with what arrives at pixels.": (
            lambda h, W, b, c: -(h @ b) - F.softplus(h @ W + c).sum(1)
        ),
        "It adds up the pixels first. Each is on or off by itself: softplus, and then the sum.": (
            lambda h, W, b, c: -(h @ c) - F.softplus((h @ W + b).sum(1))
        ),
        "W is on its side: from hidden units (N, 5) to pixels (N, 8) it is `h @ W`.": (
            lambda h, W, b, c: -(h @ c) - F.softplus(h @ W.T + b).sum(1)
        ),
    },
)


def gibbs_step(v: Tensor, W: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """Pictures after a step."""
    h = torch.bernoulli((v @ W.T + c).sigmoid())
    return torch.bernoulli((h @ W + b).sigmoid())


def _starts() -> list[Case]:
    """A hidden unit that is tossed decides on two pixels; another one repeats the third."""
    W = torch.tensor([[20.0, 20.0, 0.0], [0.0, 0.0, 20.0]])
    b, c = torch.full((3,), -10.0), torch.tensor([0.0, -10.0])
    third_on, empty = torch.tensor([0.0, 0.0, 1.0]), torch.zeros(3)
    alone = torch.zeros(4_000, 2), torch.zeros(1, 2), torch.tensor([10.0, -10.0]), torch.zeros(1)
    return [*((v.repeat(4_000, 1), W, b, c) for v in (third_on, empty)), alone]


def _count_pairs(made: Any, v: Tensor, W: Tensor, *biases: Tensor) -> Any:
    """How often pixels are on, alone and in pairs, to a quarter: it hangs on no draw."""
    if W.any() and (made == made[0]).all():
        return "the same picture every time"
    if not ((made == 0) | (made == 1)).all():
        return "numbers between 0 and 1"
    return (made.float().T @ made.float() / len(made) * 4).round() / 4


def _with_one_row_of_luck(v: Tensor, W: Tensor, b: Tensor, c: Tensor) -> Tensor:
    h = (torch.rand(len(c)) < (v @ W.T + c).sigmoid()).float()
    return (torch.rand(len(b)) < (h @ W + b).sigmoid()).float()


GIBBS_STEP = Exercise(
    right=gibbs_step,
    cases=_starts,
    outcome=_count_pairs,
    mistakes={
        "It returns chances. A chain goes from picture to picture: draw the pixels, too.": (
            lambda v, W, b, c: (torch.bernoulli((v @ W.T + c).sigmoid()) @ W + b).sigmoid()
        ),
        "The hidden units hand on chances, and pixels that go together come apart: draw them.": (
            lambda v, W, b, c: torch.bernoulli(((v @ W.T + c).sigmoid() @ W + b).sigmoid())
        ),
        "All chains do the same: neither round, nor let pictures share one row of random numbers. "
        "`torch.bernoulli(chances)` draws for each.": _with_one_row_of_luck,
        "It stops half way, at the hidden units: a step comes down to pixels again.": (
            lambda v, W, b, c: torch.bernoulli((v @ W.T + c).sigmoid())
        ),
        "W is on its side: up, from pixels (N, 8) to hidden units (N, 5), it is `v @ W.T`.": (
            lambda v, W, b, c: v @ W
        ),
        "The biases of the hidden units, c, are missing on the way up.": (
            lambda v, W, b, c: gibbs_step(v, W, b, 0 * c)
        ),
    },
)


def weight_gradient(data: Tensor, made: Tensor, W: Tensor, c: Tensor) -> Tensor:
    """The slope of the mean log-likelihood in W, by contrastive divergence."""
    of_data, of_made = ((v @ W.T + c).sigmoid().T @ v for v in (data, made))
    return (of_data - of_made) / len(data)


def _batches() -> list[Case]:
    data = torch.tensor([[1.0, 0.0, 1.0], [1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]])
    made = torch.tensor([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
    return [(data.double(), made.double(), *_machine(3, n)[::2]) for n in (3, 2)]


def _chances(v: Tensor, W: Tensor, c: Tensor) -> Tensor:
    return (v @ W.T + c).sigmoid()


def _with_drawn_units(data: Tensor, made: Tensor, W: Tensor, c: Tensor) -> Tensor:
    of_data, of_made = (torch.bernoulli(_chances(v, W, c)).T @ v for v in (data, made))
    return (of_data - of_made) / len(data)


def _name_draws(gradient: Tensor, data: Tensor, *_: Any) -> Any:
    """The gradient; of drawn units, which give whole numbers where pixels are 0 or 1, a word."""
    sums = gradient * len(data)
    return "whole numbers, divided by N" if (sums.round() == sums).all() else gradient


WEIGHT_GRADIENT = Exercise(
    right=weight_gradient,
    cases=_batches,
    outcome=_name_draws,
    mistakes={
        "It is model minus data: weights that follow it unlearn the data. Turn the two around.": (
            lambda data, made, W, c: -weight_gradient(data, made, W, c)
        ),
        "It grows with the batch: divide by the number of pictures.": (
            lambda data, made, W, c: len(data) * weight_gradient(data, made, W, c)
        ),
        "It is pixels by hidden units, and W is the other way round: hidden units come first.": (
            lambda data, made, W, c: weight_gradient(data, made, W, c).T
        ),
        "What arrives at the hidden units is no chance yet: take its sigmoid.": (
            lambda data, made, W, c: (
                ((data @ W.T + c).T @ data - (made @ W.T + c).T @ made) / len(data)
            )
        ),
        "Its hidden units are drawn. Their chances have the same mean, which is less noisy.": (
            _with_drawn_units
        ),
        "The hidden units saw data both times. For the second bracket they have to see `made`.": (
            lambda data, made, W, c: _chances(data, W, c).T @ (data - made) / len(data)
        ),
        "It takes means first and multiplies then: multiply picture by picture, then average.": (
            lambda data, made, W, c: (
                _chances(data, W, c).mean(0)[:, None] * data.mean(0)
                - _chances(made, W, c).mean(0)[:, None] * made.mean(0)
            )
        ),
    },
)


def pixel_chance(v: Tensor, i: int, W: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """p(pixel i is on | all other pixels)."""
    on, off = v.clone(), v.clone()
    on[:, i], off[:, i] = 1, 0
    return (_free_energy(off, W, b, c) - _free_energy(on, W, b, c)).sigmoid()


def _pixels() -> list[Case]:
    v = torch.tensor([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 0.0]]).double()
    return [(v, i, *_machine(3, 2)) for i in (0, 2)]


def _without_clones(v: Tensor, i: int, W: Tensor, b: Tensor, c: Tensor) -> Tensor:
    on = off = v.clone()
    on[:, i], off[:, i] = 1, 0
    return (_free_energy(off, W, b, c) - _free_energy(on, W, b, c)).sigmoid()


PIXEL_CHANCE = Exercise(
    right=pixel_chance,
    cases=_pixels,
    mistakes={
        "It is the chance that the pixel is off: the picture of lower free energy is likelier.": (
            lambda v, i, W, b, c: 1 - pixel_chance(v, i, W, b, c)
        ),
        "It says a half for all: both pictures are one tensor. Take `v.clone()` twice.": (
            _without_clones
        ),
        "Up and down again, the hidden units have seen pixel i. Compare it on with it off.": (
            lambda v, i, W, b, c: ((v @ W.T + c).sigmoid() @ W + b).sigmoid()[:, i]
        ),
        "It is the chance of the value that the pixel has. Asked is that of 1, for all pictures.": (
            lambda v, i, W, b, c: (1 - v[:, i] - pixel_chance(v, i, W, b, c)).abs()
        ),
        "It is a difference of free energies, in nats: its sigmoid is the chance.": (
            lambda v, i, W, b, c: pixel_chance(v, i, W, b, c).logit()
        ),
    },
)


def mean_log_p(v: Tensor, W: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """How likely a machine finds pictures, on average, in nats."""
    log_z = (-_free_energy(all_states(len(b)), W, b, c)).logsumexp(0)
    return (-_free_energy(v, W, b, c)).mean() - log_z


MEAN_LOG_P = Exercise(
    right=mean_log_p,
    cases=lambda: [(all_states(8)[[3, 77, 200]], *_machine(8, n)) for n in (5, 2)],
    bug=lambda v, W, b, c: -_free_energy(v, W, b, c).mean(),
    mistakes={
        "It sums over the pictures in `v`. Z is a sum over all 256, which `V` holds.": (
            lambda v, W, b, c: (-_free_energy(v, W, b, c)).log_softmax(0).mean()
        ),
        "log Z is added: p is e^-F divided by Z, so in the logarithm subtract.": (
            lambda v, W, b, c: -2 * _free_energy(v, W, b, c).mean() - mean_log_p(v, W, b, c)
        ),
        "Z is subtracted itself: take its logarithm first.": (
            lambda v, W, b, c: (
                -_free_energy(v, W, b, c).mean()
                - (-_free_energy(all_states(len(b)), W, b, c)).exp().sum()
            )
        ),
    },
)

EXERCISES = (HIDDEN_FREE_ENERGY, GIBBS_STEP, WEIGHT_GRADIENT, PIXEL_CHANCE, MEAN_LOG_P)
