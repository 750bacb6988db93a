"""A deep autoencoder pretrained, unrolled and fine-tuned, or trained from scratch."""

from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial

from ae_utils.data import DataSet
from ae_utils.losses import evaluate
from ae_utils.models import Autoencoder
from ae_utils.stacking import make_layers, pretrain, unroll
from ae_utils.training import Settings, fit
from tools.make.experiments import LEARNING_RATES, Experiment, Figures, add_run, summarize


@dataclass(frozen=True)
class Unrolled:
    """A deep autoencoder made of layers, trained four ways.

    Attributes:
        sizes: numbers a layer, from the image to the code.
        seeds: for starting weights and the order of images.
        pretraining: of each layer, for each activation.
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


def run_unrolled(digits: DataSet, settings: Unrolled) -> Figures:
    """Test errors, mean squared error a pixel, by activation and way of training."""
    return {name: compare_ways(digits, settings, name) for name, _ in settings.pretraining}


def compare_ways(digits: DataSet, settings: Unrolled, activation: str) -> Figures:
    """Pretrained, fine-tuned, and twice from scratch, for one activation."""
    layerwise = dict(settings.pretraining)[activation]
    tune, total = settings.steps, settings.steps + layerwise.steps * (len(settings.sizes) - 1)
    results: Figures = {"pretrained": {"test error": []}}
    for seed in settings.seeds:
        layers = make_layers(settings.sizes, activation, seed=seed)
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


def train_whole(start: Autoencoder, digits: DataSet, how: Settings) -> Figures:
    """Train a copy of `start` on all training images."""
    model = deepcopy(start)
    fit(model, digits.train_images, how)
    return {
        "selection error": evaluate(model, digits.train_images),
        "test error": evaluate(model, digits.test_images),
    }


EXPERIMENT = Experiment(
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
)
