"""Training: the loop of notebook 1, with a bar, a history and a stop.

`fit` knows nothing of the model: what is to be made small, a loss function says. Images stay in
memory as uint8; each batch is gathered and converted when it is needed.
"""

import math
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from itertools import count, islice

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.optim import Adam, Optimizer
from torch.optim.lr_scheduler import LambdaLR
from tqdm.auto import tqdm

from ae_utils.checks import as_float, check_whole
from ae_utils.device import ordinary_arithmetic
from ae_utils.images import to_float
from ae_utils.losses import Loss, Sample, check_data, mean_loss, reconstruction_loss

N_RECORDS = 20  # how many points a history has, beside the one before the first step
N_TRACKED = 2_000  # how many images a point of the history is measured on

ADAM = partial(Adam, betas=(0.9, 0.99), fused=True)


class TrainingError(RuntimeError):
    """Training could not go on; the model holds its last good weights."""


@dataclass(frozen=True)
class Settings:
    """What, beside model and images, decides the course of a training."""

    steps: int  # how many batches to train on
    batch_size: int = 256  # images a batch
    lr: float = 5e-3  # the highest learning rate; it is reached after a tenth of the steps
    seed: int = 0  # for the order of the images

    def __post_init__(self) -> None:
        if not 0 < as_float(self.lr) < math.inf:
            raise ValueError(f"lr: got {self.lr!r}. Pass a positive number, such as 0.005.")
        object.__setattr__(self, "lr", as_float(self.lr))  # Python's own, which JSON can hold
        for name, *limits in (("steps", 1), ("batch_size", 1), ("seed", 0, 2**32 - 1)):
            object.__setattr__(self, name, check_whole(getattr(self, name), name, *limits))


@dataclass
class History:
    """The loss on fixed samples of images as training went on; to reconstruct, it is the error."""

    steps: list[int] = field(default_factory=list)
    train_loss: list[float] = field(default_factory=list)
    test_loss: list[float] = field(default_factory=list)  # empty without test images


@ordinary_arithmetic()
def fit(
    model: nn.Module,
    images: Tensor,
    settings: Settings,
    *,
    labels: Tensor | None = None,
    test_images: Tensor | None = None,
    test_labels: Tensor | None = None,
    loss: Loss = reconstruction_loss,
    make_optimizer: Callable[..., Optimizer] = ADAM,
) -> History:
    """Train `model` on `images`, to reconstruct them unless `loss` says otherwise, in place.

    The interrupt button ends it: the model then holds the weights as they stand. Afterwards the
    model is in training mode. Autocast, `no_grad` and the like around the call play no part.

    Args:
        model: takes (B, 1, 28, 28) in 0..1 and, to reconstruct, gives that shape; keeps its device.
        images: (N, 1, 28, 28), uint8, or float32 in 0..1; or a layer's activations, float32 (N, n).
        labels: whole numbers (N,), for a loss that needs them.
        test_images, test_labels: to measure the loss on as training goes on; never trained on.
        make_optimizer: from weights and the highest learning rate, such as `torch.optim.SGD`.

    Returns:
        The history of the loss: before the first step, up to twenty times on the way, at the end.

    Raises:
        TypeError: if images, labels or the model's weights are not of one of these types.
        ValueError: if the images are no batch, or an empty one, or a value is not finite or out of
            range; if labels are missing, or too many; if no weight can be trained.
        TrainingError: if the loss stops being finite; the model keeps its last good weights.
    """
    _check_trainable(model)
    if labels is not None and test_images is not None and test_labels is None:
        raise ValueError("test labels: there are none.\nPass `test_labels` with the test images.")
    if test_labels is not None and test_images is None:
        raise ValueError("test images: there are none.\nPass `test_images` with the test labels.")
    images, labels = check_data(model, images, labels, "training")
    samples = [_draw_sample(images, labels)]
    if test_images is not None:
        samples.append(_draw_sample(*check_data(model, test_images, test_labels, "test")))
    optimizer = make_optimizer(model.parameters(), settings.lr)
    scheduler = make_scheduler(optimizer, settings)
    every = math.ceil(settings.steps / N_RECORDS)
    history, done = History(), 0
    good_weights = deepcopy(model.state_dict())
    bar = tqdm(total=settings.steps, desc="Training", unit="step", leave=False)
    try:
        _record(history, done, model, samples, loss)
        model.train()
        for step, chosen in enumerate(draw_batches(len(images), settings), start=1):
            chosen = chosen.to(images.device)
            x = to_float(images.index_select(0, chosen))  # much faster than images[chosen]
            batch_loss = loss(model, x, None if labels is None else labels[chosen])
            _check_loss(batch_loss.item(), step)
            optimizer.zero_grad()
            batch_loss.backward()
            optimizer.step()
            scheduler.step()
            done = step
            bar.update()
            if step % every == 0 or step == settings.steps:
                _record(history, step, model, samples, loss)
                good_weights = deepcopy(model.state_dict())
                bar.set_postfix_str(f"loss {history.train_loss[-1]:.4f}")
    except KeyboardInterrupt:
        print(f"Stopped after step {done:,} of {settings.steps:,}; the model keeps its weights.")
    except TrainingError as error:
        model.load_state_dict(good_weights)
        if not history.steps:
            cure = "No step was taken yet: build the model again, or load it, and check its loss."
            raise TrainingError(f"{error}\n{cure}") from None
        raise TrainingError(
            f"{error}\nThe usual cause is too high a learning rate: it was {settings.lr:g}; try a "
            f"tenth.\nThe model holds the weights of step {history.steps[-1]:,}."
        ) from None
    finally:
        bar.close()
    return history


def make_scheduler(optimizer: torch.optim.Optimizer, settings: Settings) -> LambdaLR:
    """Let the learning rate rise over the first tenth of the steps, then fall along half a cosine.

    The optimizer comes with the highest rate, which the scheduler multiplies.

    Source: Goyal et al. 2017 (the rise); Loshchilov & Hutter 2017, 'SGDR' (the cosine).
    """
    steps, rise = settings.steps, max(1, settings.steps // 10)

    def factor(done: int) -> float:  # of the highest rate, after so many steps
        if done < rise:
            return (done + 1) / rise
        return (1 + math.cos(math.pi * (done + 1 - rise) / (steps - rise + 1))) / 2

    return LambdaLR(optimizer, factor)


def draw_batches(n_images: int, settings: Settings) -> Iterator[Tensor]:
    """A batch of image numbers for each step: each epoch in a new order, its remainder left out.

    Yields:
        int64 (batch_size,), or fewer where there are fewer images: numbers from 0 to n_images - 1,
        none twice in an epoch.
    """
    batch_size = min(settings.batch_size, n_images)

    def draw_epochs() -> Iterator[Tensor]:
        for epoch in count():
            generator = torch.Generator().manual_seed(settings.seed * 1_000_003 + epoch)
            order = torch.randperm(n_images, generator=generator)
            yield from order[: n_images - n_images % batch_size].split(batch_size)

    return islice(draw_epochs(), settings.steps)


def _check_trainable(model: nn.Module) -> None:
    """Refuse a model that no training could change."""
    if any(w.is_inference() for w in model.parameters() if not is_lazy(w)):
        fault, cure = "was built under torch.inference_mode()", "Build it outside of that block"
    elif not any(w.requires_grad for w in model.parameters()):
        fault = "has no weight to train: all are frozen, or there are none"
        cure = "Unfreeze some with `requires_grad_(True)`"
    else:
        return
    raise ValueError(f"model: this {type(model).__name__} {fault}.\n{cure}.")


def _draw_sample(images: Tensor, labels: Tensor | None) -> Sample:
    """Up to `N_TRACKED` images with their labels, the same ones every time.

    They are drawn at random: MNIST's training images alternate between easier and harder ones, so
    that every n-th would be a sample of one sort.
    """
    if len(images) <= N_TRACKED:
        return images, labels
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    chosen = order[:N_TRACKED].to(images.device)
    return images[chosen], None if labels is None else labels[chosen]


def _record(
    history: History, step: int, model: nn.Module, samples: list[Sample], loss: Loss
) -> None:
    """Note the losses on the samples after so many steps."""
    losses = [mean_loss(model, *sample, loss) for sample in samples]
    for value in losses:
        _check_loss(value, step)
    history.steps.append(step)
    for curve, value in zip((history.train_loss, history.test_loss), losses, strict=False):
        curve.append(value)


def _check_loss(loss: float, step: int) -> None:
    if not math.isfinite(loss):
        raise TrainingError(f"The loss at step {step:,} is not finite (NaN or infinite).")
