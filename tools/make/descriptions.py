"""What a shipped model's `about` says of it: its errors, and how likely it finds images."""

from typing import Any

import torch
from torch import Tensor, nn

from ae_utils.annealing import anneal, anneal_backwards
from ae_utils.boltzmann import BoltzmannMachine
from ae_utils.data import DataSet
from ae_utils.images import mean_image, to_float
from ae_utils.likelihood import exact_log_likelihood, importance_bound, log_weights
from ae_utils.losses import evaluate
from ae_utils.machine_likelihood import log_likelihood, pseudo_log_likelihood
from ae_utils.variational import VariationalAutoencoder, binarize, measure_rate_and_distortion

N_WEIGHTS = 500  # codes an image, for the importance-weighted bound
N_CHAINS, N_TEMPERATURES = 100, 10_000  # for the likelihood of a machine
CHAIN_STEPS = 2_000  # from data to what the machine draws


def describe(
    model: nn.Module, images: Tensor, digits: DataSet, settings: dict[str, Any]
) -> dict[str, Any]:
    """What there is to know about a model that reconstructs, trained on these `images`."""
    return {
        "data": str(digits),
        "settings": settings,
        "train_error": evaluate(model, images),
        "test_error": evaluate(model, digits.test_images),
        "torch": torch.__version__,
    }


def describe_likelihood(
    model: VariationalAutoencoder, images: Tensor, beta: float
) -> dict[str, float]:
    """What images that are black and white cost, and how likely they are: nats an image.

    The likelihood is exact in the plane; elsewhere it is the bound of `N_WEIGHTS` samples. Where
    the rate was free, codes lie beyond the part of the plane that is summed over.
    """
    rate, distortion = measure_rate_and_distortion(model, images)
    figures = {"rate": rate, "distortion": distortion, "elbo": -(rate + distortion)}
    if model.latent_dim == 2 and beta > 0:
        figures["log_likelihood"], _ = exact_log_likelihood(model, images)
    elif beta > 0:
        weights = log_weights(model, images, N_WEIGHTS)
        figures["importance_bound"] = importance_bound(weights, N_WEIGHTS)
    return {name: each.mean().item() for name, each in figures.items()}


def describe_machine(machine: BoltzmannMachine, digits: DataSet) -> dict[str, float]:
    """Log-likelihoods of binary test images, in nats an image, by log Z from either side."""
    images, chances = binarize(digits.test_images), mean_image(digits.train_images).flatten()
    start = to_float(binarize(digits.train_images[:N_CHAINS])).flatten(1)
    drawn = machine.run_chains(start, CHAIN_STEPS, torch.Generator().manual_seed(0))
    forwards = anneal(machine, chances, N_CHAINS, N_TEMPERATURES)
    backwards = anneal_backwards(machine, chances, drawn, N_TEMPERATURES)
    unnormalized = log_likelihood(machine, images, log_z=0.0).mean().item()
    return {
        "log_likelihood": unnormalized - forwards.log_z,
        "log_likelihood_error": forwards.error,
        "log_likelihood_backwards": unnormalized - backwards.log_z,
        "log_likelihood_backwards_error": backwards.error,
        "pseudo_log_likelihood": pseudo_log_likelihood(machine, images).mean().item(),
    }
