"""Run the long experiments of notebook 5 on MNIST, and write what they find to `ae_utils/results/`.

    python -m tools.experiments                 all of them, about an hour
    python -m tools.experiments few_labels      one of them

    few_labels   a deep classifier from few labels: pretrained layer by layer, or from scratch
    deep_30d     a deep autoencoder with 30 numbers a code, and PCA with as many
    unrolled     a deep autoencoder pretrained, unrolled and fine-tuned, or trained from scratch

Each results file also holds a `check`: the same computation at a small size on the embedded digits,
which runs anywhere in seconds, so that a test can tell whether the code still does what it did.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ae_utils.data import Digits, load_digits, mean_image, to_float
from ae_utils.metrics import reconstruction_error
from ae_utils.models import N_PIXELS, Autoencoder, residual_autoencoder
from ae_utils.stacking import (
    LayerAutoencoder,
    add_classifier,
    make_layers,
    masking_noise,
    pretrain,
    unroll,
)
from ae_utils.training import Settings, classification_loss, evaluate, fit

RESULTS = Path(__file__).resolve().parents[1] / "ae_utils" / "results"

# Tried for each case with its first seed. A wide range, since networks of sigmoids that start from
# scratch want larger steps than others, and a comparison at one rate would be unfair to them.
LEARNING_RATES = (1e-3, 3e-3, 1e-2, 3e-2, 6e-2, 1e-1)

Figures = dict[str, Any]


def main() -> None:
    """Run what was asked for, on MNIST, and write each result down as soon as it is there."""
    parser = argparse.ArgumentParser(description="Run the long experiments of notebook 5.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(EXPERIMENTS))
    names = parser.parse_args().names
    if unknown := set(names) - set(EXPERIMENTS):
        parser.error(f"no experiment is called {', '.join(sorted(unknown))}; see --help")
    torch.set_num_threads(1)
    mnist, digits = load_digits("mnist"), load_digits("digits")
    for name in names or EXPERIMENTS:
        run, settings, small = EXPERIMENTS[name]
        result = describe(run, mnist, settings) | {"check": describe(run, digits, small)}
        (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
        print(f"{name}: {result['seconds']:.0f} s")


def describe(run: Callable[[Digits, Any], Figures], digits: Digits, settings: Any) -> Figures:
    """Run an experiment; return its figures with all that is needed to run it again."""
    start = time.process_time()
    figures = run(digits, settings)
    return {
        "data": str(digits),
        "settings": asdict(settings),
        "figures": figures,
        "seconds": round(time.process_time() - start, 1),  # of one processor core
        "torch": torch.__version__,
    }


def summarize(values: Sequence[float]) -> Figures:
    """The values of all seeds, with their mean and standard deviation."""
    sd = statistics.stdev(values) if len(values) > 1 else 0.0
    return {"all": list(values), "mean": statistics.fmean(values), "sd": sd}


def add_run(
    case: Figures, train: Callable[[Settings], Figures], how: Settings, lrs: Sequence[float]
) -> None:
    """Train once more for a case, at its learning rate; the first time, at each of `lrs`.

    Args:
        case: what is known of the case. Gets what `train` returns, each figure in a list; the first
            time also 'lr', the rate found best, and the 'selection errors' of all rates.
        train: trains a network of its own and returns figures; by the lowest 'selection error',
            which no test image may have a part in, the rate is chosen.
        how: the settings for `train`, but for the learning rate.
        lrs: to choose from.
    """
    trials = {lr: train(replace(how, lr=lr)) for lr in ([case["lr"]] if "lr" in case else lrs)}
    selection = {lr: trial.pop("selection error") for lr, trial in trials.items()}
    best = min(selection, key=lambda lr: selection[lr])
    if "lr" not in case:
        case |= {"lr": best, "selection errors": {f"{lr:g}": e for lr, e in selection.items()}}
    for name, value in trials[best].items():
        case.setdefault(name, []).append(value)
    print(f"seed {how.seed}, {how.steps} steps: {trials[best]} at {best:g}")


# A deep classifier from few labels.


@dataclass(frozen=True)
class FewLabels:
    """A classifier of one kind of units, started two ways, with more and more labels.

    Attributes:
        sizes: numbers a layer, from the image to the last hidden layer.
        label_counts: how many labelled images there are, and how many steps of fine-tuning; the
            images are drawn at random, not by class.
        seeds: for starting weights, labelled images and the order of images; both ways share them.
        noise: the share of numbers set to 0 in layer-wise training.
        pretraining: the layer-wise training of each kind of units, on all training images.
        batch_size: in fine-tuning.
        lrs: to choose from, by the error on the validation images.
        n_validation: the last training images, whose labels are for choosing and nothing else.
    """

    sizes: tuple[int, ...] = (784, 500, 500, 500)
    label_counts: tuple[tuple[int, int], ...] = ((100, 1_000), (1_000, 1_000), (10_000, 2_000))
    seeds: tuple[int, ...] = (0, 1, 2)
    noise: float = 0.25
    pretraining: tuple[tuple[str, Settings], ...] = (
        ("sigmoid", Settings(900, 256, 5e-3)),
        ("relu", Settings(900, 256, 2e-3)),
    )
    batch_size: int = 100
    lrs: tuple[float, ...] = LEARNING_RATES
    n_validation: int = 5_000


def run_few_labels(digits: Digits, settings: FewLabels) -> Figures:
    """Test errors in per cent: by units, start ('scratch', 'pretrained') and number of labels."""
    return {units: compare_starts(digits, settings, units) for units, _ in settings.pretraining}


def compare_starts(digits: Digits, settings: FewLabels, units: str) -> Figures:
    """Both ways of starting, for one kind of units."""
    layerwise = dict(settings.pretraining)[units]
    results: Figures = {"scratch": {}, "pretrained": {}}
    for seed in settings.seeds:
        raw = make_layers(settings.sizes, units, seed=seed)
        trained = deepcopy(raw)
        noise = masking_noise(settings.noise, seed)
        pretrain(trained, digits.train_images, replace(layerwise, seed=seed), noise)
        for n_labels, steps in settings.label_counts:
            chosen = draw_labelled(digits, n_labels, settings.n_validation, seed)
            for name, layers in (("scratch", raw), ("pretrained", trained)):
                case = results[name].setdefault(str(n_labels), {})
                train = partial(fine_tune, layers, digits, chosen, settings.n_validation)
                add_run(case, train, Settings(steps, settings.batch_size, seed=seed), settings.lrs)
    for start in results.values():
        for case in start.values():
            case |= summarize(case.pop("test error"))
    return results


def draw_labelled(digits: Digits, n_labels: int, n_validation: int, seed: int) -> Tensor:
    """The numbers (n_labels,) of the training images whose labels are given."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(digits.train_images) - n_validation, generator=generator)
    return order[:n_labels]


def fine_tune(
    layers: Sequence[LayerAutoencoder],
    digits: Digits,
    chosen: Tensor,
    n_validation: int,
    how: Settings,
) -> Figures:
    """Train copies of `layers`, with a linear layer on top, on the labelled images `chosen`."""
    model = add_classifier(deepcopy(layers), seed=how.seed)
    images, labels = digits.train_images[chosen], digits.train_labels[chosen]
    run = fit(model, images, how, labels=labels, loss=classification_loss)
    held_back = slice(-n_validation, None)
    return {
        "training loss": run.history.train_error[-1],
        "selection error": error_rate(
            model, digits.train_images[held_back], digits.train_labels[held_back]
        ),
        "test error": error_rate(model, digits.test_images, digits.test_labels),
    }


@torch.no_grad()
def error_rate(classifier: nn.Module, images: Tensor, labels: Tensor) -> float:
    """How many per cent of the stored images are named wrongly."""
    parts = images.split(2_000)
    named = torch.cat([classifier(to_float(part)).argmax(1) for part in parts])
    return 100 * (named != labels).float().mean().item()


# A deep autoencoder with 30 numbers a code.


@dataclass(frozen=True)
class Deep30D:
    """A deep autoencoder, trained at length.

    Attributes:
        latent_dim: numbers in a code.
        training: its settings; the seed is for the starting weights as well.
    """

    latent_dim: int = 30
    training: Settings = field(default_factory=lambda: Settings(14_000, 128, 3e-3))


def run_deep_30d(digits: Digits, settings: Deep30D) -> Figures:
    """Squared errors an image, the network's and PCA's, as Hinton & Salakhutdinov give them."""
    mean, seed = mean_image(digits.train_images), settings.training.seed
    model = residual_autoencoder(settings.latent_dim, mean_image=mean, seed=seed)
    fit(model, digits.train_images, settings.training)
    return {
        "test error": N_PIXELS * evaluate(model, digits.test_images),
        "training error": N_PIXELS * evaluate(model, digits.train_images),
        "PCA's test error": N_PIXELS * pca_error(digits, settings.latent_dim),
    }


def pca_error(digits: Digits, n_components: int) -> float:
    """The test error of PCA, fitted to all training images: mean squared error a pixel."""
    mean = mean_image(digits.train_images).flatten()
    products = torch.zeros(N_PIXELS, N_PIXELS)
    for batch in digits.train_images.split(2_000):
        centred = to_float(batch).flatten(1) - mean  # (2000, 784)
        products += centred.T @ centred
    eigenvectors = torch.linalg.eigh(products.double()).eigenvectors.float()
    directions = eigenvectors[:, -n_components:]  # (784, n)
    x = to_float(digits.test_images).flatten(1)
    x_hat = (x - mean) @ directions @ directions.T + mean
    return reconstruction_error(x_hat, x).item()


# A stack unrolled into a deep autoencoder.


@dataclass(frozen=True)
class Unrolled:
    """A deep autoencoder made of layers, trained four ways.

    Attributes:
        sizes: numbers a layer, from the image to the code.
        seeds: for starting weights and the order of images.
        pretraining: of each layer, for each kind of units.
        steps: of fine-tuning the whole network.
        batch_size: in fine-tuning and from scratch.
        lrs: to choose from, by the error on the training images.
    """

    sizes: tuple[int, ...] = (784, 500, 250, 30)
    seeds: tuple[int, ...] = (0, 1, 2)
    pretraining: tuple[tuple[str, Settings], ...] = (
        ("sigmoid", Settings(400, 128, 5e-3)),
        ("relu", Settings(400, 128, 2e-3)),
    )
    steps: int = 800
    batch_size: int = 128
    lrs: tuple[float, ...] = LEARNING_RATES


def run_unrolled(digits: Digits, settings: Unrolled) -> Figures:
    """Test errors, mean squared error a pixel, by units and way of training."""
    return {units: compare_ways(digits, settings, units) for units, _ in settings.pretraining}


def compare_ways(digits: Digits, settings: Unrolled, units: str) -> Figures:
    """Pretrained, fine-tuned, and twice from scratch, for one kind of units."""
    layerwise = dict(settings.pretraining)[units]
    tune, total = settings.steps, settings.steps + layerwise.steps * (len(settings.sizes) - 1)
    results: Figures = {"pretrained": {"test error": []}}
    for seed in settings.seeds:
        layers = make_layers(settings.sizes, units, seed=seed)
        raw = unroll(deepcopy(layers))
        pretrain(layers, digits.train_images, replace(layerwise, seed=seed))
        deep = unroll(layers)
        results["pretrained"]["test error"].append(evaluate(deep, digits.test_images))
        for way, start, steps in (
            ("fine-tuned", deep, tune),
            ("scratch, steps of fine-tuning", raw, tune),
            ("scratch, all steps", raw, total),
        ):
            case = results.setdefault(way, {})
            train = partial(train_whole, start, digits)
            add_run(case, train, Settings(steps, settings.batch_size, seed=seed), settings.lrs)
    for case in results.values():
        case |= summarize(case.pop("test error"))
    return results


def train_whole(start: Autoencoder, digits: Digits, how: Settings) -> Figures:
    """Train a copy of `start` on all training images."""
    model = deepcopy(start)
    fit(model, digits.train_images, how)
    return {
        "selection error": evaluate(model, digits.train_images),
        "test error": evaluate(model, digits.test_images),
    }


# For each experiment: what runs it, its settings on MNIST, and those of its check.
EXPERIMENTS: dict[str, tuple[Callable[[Digits, Any], Figures], Any, Any]] = {
    "few_labels": (
        run_few_labels,
        FewLabels(),
        FewLabels(
            sizes=(784, 32, 16),
            label_counts=((300, 100),),
            seeds=(0,),
            pretraining=(("sigmoid", Settings(60, 64, 1e-2)), ("relu", Settings(60, 64, 3e-3))),
            batch_size=50,
            lrs=(1e-2,),
            n_validation=300,
        ),
    ),
    "deep_30d": (
        run_deep_30d,
        Deep30D(),
        Deep30D(training=Settings(60, 64, 3e-3)),
    ),
    "unrolled": (
        run_unrolled,
        Unrolled(),
        Unrolled(
            sizes=(784, 64, 16),
            seeds=(0,),
            pretraining=(("sigmoid", Settings(60, 64, 5e-3)), ("relu", Settings(60, 64, 2e-3))),
            steps=60,
            batch_size=64,
            lrs=(2e-3,),
        ),
    ),
}


if __name__ == "__main__":
    main()
