"""The network of a post on autoencoders, trained as there; and what changes with more images.

The post (angeloyeo.github.io, 10 October 2020) shows figures of a program that trained on the first
1,000 images for 200 epochs, and printed the training error only.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice, pairwise
from statistics import fmean
from time import process_time

import torch
from torch import Tensor

from ae_utils.convolutional import convolutional_autoencoder
from ae_utils.data import DataSet
from ae_utils.images import to_float
from ae_utils.losses import evaluate
from ae_utils.metrics import reconstruction_error
from ae_utils.models import Autoencoder, dense_autoencoder
from tools.make.experiments import Experiment, Figures

BUILDERS: dict[str, Callable[..., Autoencoder]] = {
    "convolutional": convolutional_autoencoder,
    "dense": dense_autoencoder,
}
LR, BATCH_SIZE = 5e-4, 32  # the post's, with Adam, from the first step to the last


@dataclass(frozen=True)
class Post:
    """Trainings of two networks, each on the first so many training images.

    Attributes:
        n_images: of the post.
        epochs: those of the post's 200 after which the errors are measured.
        sizes: other numbers of images, trained on for as many steps.
        many_steps: of the dense network on the most images: about as long as the convolutional one
            takes for its own.
        seeds: one for each network; it decides starting weights and order of the images.
    """

    n_images: int = 1_000
    epochs: tuple[int, ...] = (1, 2, 5, 10, 20, 30, 40, 50, 60, 80, 100, 150, 200)
    sizes: tuple[int, ...] = (100, 300, 3_000, 10_000, 60_000)
    many_steps: int = 64_000
    seeds: tuple[int, ...] = (0, 1, 2)


def train_as_the_post(model: Autoencoder, images: Tensor, seed: int) -> Iterator[float]:
    """Train for as long as one asks: Adam, always at one rate, each epoch in another order.

    Args:
        model: changed in place.
        images: uint8 (N, 1, 28, 28).
        seed: for the order of the images.

    Yields:
        The error on each batch, just before the step.
    """
    model.to(memory_format=torch.channels_last).train()  # a third faster for convolutions
    optimizer = torch.optim.Adam(model.parameters(), LR, eps=1e-7, fused=True)
    generator = torch.Generator().manual_seed(seed)
    for _ in count():
        for chosen in torch.randperm(len(images), generator=generator).split(BATCH_SIZE):
            x = to_float(images[chosen])
            loss = reconstruction_error(model(x), x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            yield loss.item()


def run_post(digits: DataSet, settings: Post) -> Figures:
    """The errors of both networks: by epoch as in the post, and at the end for other sizes."""
    an_epoch = math.ceil(settings.n_images / BATCH_SIZE)
    points = [epochs * an_epoch for epochs in settings.epochs]
    trainings = {str(n): (n, points[-1:]) for n in settings.sizes}
    trainings[str(settings.n_images)] = settings.n_images, points
    figures: Figures = {"steps": points[-1]}
    for kind, build in BUILDERS.items():
        if kind == "dense":
            trainings["many steps"] = max(settings.sizes), [settings.many_steps]
        figures[kind] = {}
        for name, (n, at) in trainings.items():
            images = digits.train_images[:n]
            runs = [
                follow(build(2, seed=seed), images, digits, seed, at) for seed in settings.seeds
            ]
            figures[kind][name] = {key: [run[key] for run in runs] for key in runs[0]}
            print(kind, name, {key: each[0][-1] for key, each in figures[kind][name].items()})
    return figures


def follow(
    model: Autoencoder, images: Tensor, digits: DataSet, seed: int, points: Sequence[int]
) -> Figures:
    """Train, and measure after so many steps.

    Returns:
        For each point: 'printed', the mean over the batches of the last epoch, each before its
        step, as many programs print it; 'training' and 'test', the errors with the weights at that
        point; and 'seconds' of processor time that the training took up to there.
    """
    an_epoch = math.ceil(len(images) / BATCH_SIZE)
    steps, seconds = train_as_the_post(model, images, seed), 0.0
    figures: Figures = {"printed": [], "training": [], "test": [], "seconds": []}
    for done, point in pairwise([0, *points]):
        start = process_time()
        losses = list(islice(steps, point - done))
        seconds += process_time() - start
        figures["printed"].append(fmean(losses[-an_epoch:]))
        figures["training"].append(evaluate(model, images))
        figures["test"].append(evaluate(model, digits.test_images))
        figures["seconds"].append(round(seconds, 1))
    return figures


EXPERIMENT = Experiment(
    run_post, Post(), Post(100, (1, 2, 5), (50, 300), many_steps=40, seeds=(0, 1))
)
