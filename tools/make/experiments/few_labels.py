"""A deep classifier from few labels: pretrained layer by layer, or from scratch."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from ae_utils.data import DataSet
from ae_utils.losses import classification_loss, error_rate, evaluate
from ae_utils.stacking import (
    LayerAutoencoder,
    add_classifier,
    make_layers,
    masking_noise,
    pretrain,
)
from ae_utils.training import Settings, fit
from tools.make.experiments import LEARNING_RATES, Experiment, Figures, add_run, summarize


@dataclass(frozen=True)
class FewLabels:
    """A classifier with one activation, started two ways, with more and more labels.

    Attributes:
        sizes: numbers a layer, from the image to the last hidden layer.
        label_counts: how many labelled images there are, and how many steps of fine-tuning; the
            images are drawn at random, not by class.
        seeds: for starting weights, labelled images and the order of images; both ways share them.
        noise: the share of numbers set to 0 in layer-wise training.
        pretraining: the layer-wise training for each activation, on all training images.
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


def run_few_labels(digits: DataSet, settings: FewLabels) -> Figures:
    """Test error rates, per cent: by activation, start ('scratch', 'pretrained'), labels given."""
    return {name: compare_starts(digits, settings, name) for name, _ in settings.pretraining}


def compare_starts(digits: DataSet, settings: FewLabels, activation: str) -> Figures:
    """Both ways of starting, for one activation."""
    layerwise = dict(settings.pretraining)[activation]
    results: Figures = {"scratch": {}, "pretrained": {}}
    for seed in settings.seeds:
        raw = make_layers(settings.sizes, activation, seed=seed)
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
            case |= summarize(case.pop("test error rate"))
    return results


def draw_labelled(digits: DataSet, n_labels: int, n_validation: int, seed: int) -> Tensor:
    """The numbers (n_labels,) of the training images whose labels are given."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(digits.train_images) - n_validation, generator=generator)
    return order[:n_labels]


def fine_tune(
    layers: Sequence[LayerAutoencoder],
    digits: DataSet,
    chosen: Tensor,
    n_validation: int,
    how: Settings,
) -> Figures:
    """Train copies of `layers`, with a linear layer on top, on the labelled images `chosen`."""
    model = add_classifier(deepcopy(layers), seed=how.seed)
    images, labels = digits.train_images[chosen], digits.train_labels[chosen]
    history = fit(model, images, how, labels=labels, loss=classification_loss)
    held_back = slice(-n_validation, None)
    held_images, held_labels = digits.train_images[held_back], digits.train_labels[held_back]
    return {
        "training loss": history.train_loss[-1],
        "selection error": evaluate(model, held_images, held_labels, error_rate),
        "test error rate": evaluate(model, digits.test_images, digits.test_labels, error_rate),
    }


EXPERIMENT = Experiment(
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
)
