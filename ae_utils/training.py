"""Training: the loop, the error on unseen images, stopping and going on, the device.

`fit` knows nothing of the model: what is to be made small, a loss function says. Images stay in
memory as uint8; each batch is gathered and converted when it is needed.
"""

import math
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import count, islice
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from ae_utils.data import as_float
from ae_utils.metrics import reconstruction_error

N_RECORDS = 20  # how many points a history has, and how often the weights are put aside
N_TRACKED = 2_000  # how many images a point of the history is measured on
EVALUATION_BATCH = 500  # measured on a CPU: half the time of 2,000, and faster than 100

# What training makes small: (model, images of a batch, their labels or None) -> a scalar.
Loss = Callable[[nn.Module, Tensor, Tensor | None], Tensor]


class TrainingError(RuntimeError):
    """Training could not go on; the model holds its last good weights."""


@dataclass(frozen=True)
class Settings:
    """What, beside model and images, decides the course of a training.

    Attributes:
        steps: how many batches to train on.
        batch_size: images a batch.
        lr: the highest learning rate; it is reached after a tenth of the steps.
        seed: for the order of the images.
    """

    steps: int
    batch_size: int = 256
    lr: float = 5e-3
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("steps", "batch_size"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(f"{name}: got {value!r}. Pass a whole number, 1 or more.")
        is_number = isinstance(self.lr, int | float) and not isinstance(self.lr, bool)
        if not (is_number and 0 < self.lr < math.inf):
            raise ValueError(f"lr: got {self.lr!r}. Pass a positive number, such as 0.005.")
        if type(self.seed) is not int or not 0 <= self.seed < 2**32:
            raise ValueError(f"seed: got {self.seed!r}. Pass a whole number from 0 to 2**32 - 1.")


@dataclass
class History:
    """The loss on fixed samples of images as training went on; to reconstruct, it is the error."""

    steps: list[int] = field(default_factory=list)
    train_error: list[float] = field(default_factory=list)
    test_error: list[float] = field(default_factory=list)  # empty without test images


@dataclass
class TrainingRun:
    """What `fit` returns: how far training got, and all that is needed to go on.

    Attributes:
        settings: the settings it was started with.
        step: steps done; fewer than `settings.steps` after an interruption.
        history: the errors so far.
    """

    settings: Settings
    step: int
    history: History
    _start: tuple[Any, ...] = field(repr=False)  # what else must be the same to go on
    _saved: dict[str, Any] = field(repr=False)  # weights, optimizer and history of the last record

    @property
    def finished(self) -> bool:
        """Whether all steps are done."""
        return self.step == self.settings.steps


def reconstruction_loss(model: nn.Module, x: Tensor, labels: Tensor | None = None) -> Tensor:
    """How far the model's outputs are from its inputs `x`; labels play no part."""
    return reconstruction_error(model(x), x)


def classification_loss(model: nn.Module, x: Tensor, labels: Tensor | None) -> Tensor:
    """The cross-entropy of the model's logits (B, K) for images `x` against their labels (B,)."""
    if labels is None:
        raise ValueError("classification_loss: the images came without labels. Pass `labels`.")
    return F.cross_entropy(model(x), labels)


def fit(
    model: nn.Module,
    images: Tensor,
    settings: Settings,
    *,
    labels: Tensor | None = None,
    test_images: Tensor | None = None,
    test_labels: Tensor | None = None,
    loss: Loss = reconstruction_loss,
    resume: TrainingRun | None = None,
) -> TrainingRun:
    """Train `model` on `images`, to reconstruct them unless `loss` says otherwise, in place.

    The interrupt button stops it: the model then holds the weights of the last record (there are
    up to twenty, evenly spaced, and one at the end). `resume` goes on from there as if nothing had
    happened, for a model that draws no random numbers of its own. Afterwards the model is in
    training mode.

    Args:
        model: takes (B, 1, 28, 28) in 0..1; to reconstruct, gives the same shape. Stays on its
            device.
        images: training images (N, 1, 28, 28), uint8, or float32 in 0..1.
        settings: steps, batch size, learning rate, seed.
        labels: int64 (N,), for a loss that needs them.
        test_images: images to measure the loss on as training goes on; never trained on.
        test_labels: their labels, likewise.
        loss: what to make small.
        resume: the interrupted run to continue; same model, images, settings and loss.

    Returns:
        The run, with the history of the loss.

    Raises:
        TypeError: if the images are not a tensor.
        ValueError: if they are no batch, or an empty one, an image is not finite, there are more or
            fewer labels than images, or `resume` does not fit.
        TrainingError: if the loss stops being finite; the model keeps its last good weights.
    """
    images = _prepare(model, images, "training images")
    labels = _prepare_labels(labels, images, "training labels")
    tracked = {"train_error": (_sample(images), _sample(labels))}
    if test_images is not None:
        unseen = _prepare(model, test_images, "test images")
        unseen_labels = _prepare_labels(test_labels, unseen, "test labels")
        tracked["test_error"] = (_sample(unseen), _sample(unseen_labels))
    optimizer = make_optimizer(model)
    weights = [(name, p.shape, p.requires_grad) for name, p in model.named_parameters()]
    start = (len(images), 0 if test_images is None else len(test_images), weights)
    run = TrainingRun(settings, 0, History(), start, {})
    if resume is None:
        _record(run, model, optimizer, tracked, loss)
    else:
        _continue(run, resume, model, optimizer)

    batches = islice(draw_batches(len(images), settings), run.step, settings.steps)
    bar = tqdm(total=settings.steps, initial=run.step, desc="Training", unit="step", leave=False)
    every = math.ceil(settings.steps / N_RECORDS)
    model.train()
    try:
        for step, batch in enumerate(batches, start=run.step + 1):
            chosen = batch.to(images.device)
            x = as_float(images.index_select(0, chosen))  # much faster than images[chosen]
            batch_loss = loss(model, x, _pick(labels, chosen))
            if not math.isfinite(batch_loss.item()):
                raise _not_finite("loss", step, settings, run)
            take_step(optimizer, batch_loss, learning_rate(step, settings))
            bar.update()
            if step % every == 0 or step == settings.steps:
                run.step = step
                _record(run, model, optimizer, tracked, loss)
                bar.set_postfix_str(f"loss {run.history.train_error[-1]:.4f}")
    except KeyboardInterrupt:
        _restore(run, model, optimizer)
        print(
            f"Stopped. The model holds the weights of step {run.step:,} of {settings.steps:,}; "
            "pass this run as `resume` to go on from there."
        )
    except TrainingError:
        _restore(run, model, optimizer)
        raise
    finally:
        bar.close()
    return run


def take_step(optimizer: torch.optim.Optimizer, loss: Tensor, lr: float) -> None:
    """Change the weights a little, in the direction that lowers `loss`, at learning rate `lr`."""
    for group in optimizer.param_groups:
        group["lr"] = lr
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def make_optimizer(model: nn.Module) -> torch.optim.Adam:
    """Adam over all weights that may move, in one fused operation a step.

    Source: Kingma & Ba 2015, 'Adam'.
    """
    trainable = [p for p in model.parameters() if p.requires_grad]
    return torch.optim.Adam(trainable, betas=(0.9, 0.99), fused=True)


def learning_rate(step: int, settings: Settings) -> float:
    """The learning rate of step 1..steps: a straight rise over the first tenth, then half a cosine.

    Source: Loshchilov & Hutter 2017, 'SGDR' (the cosine); Goyal et al. 2017 (the rise).
    """
    warm_up = max(1, settings.steps // 10)
    if step <= warm_up:
        return settings.lr * step / warm_up
    progress = (step - warm_up) / (settings.steps - warm_up + 1)
    return settings.lr * (1 + math.cos(math.pi * progress)) / 2


def draw_batches(n_images: int, settings: Settings) -> Iterator[Tensor]:
    """Batches of image numbers, without end: each epoch in a new order, its remainder left out.

    An epoch's order depends on the seed and on its number only, so an interrupted training finds
    its place again by counting.

    Args:
        n_images: how many images there are.
        settings: batch size (all images, where there are fewer) and seed.

    Yields:
        int64 (batch_size,), numbers from 0 to n_images - 1, none twice in an epoch.
    """
    batch_size = min(settings.batch_size, n_images)
    for epoch in count():
        generator = torch.Generator().manual_seed(settings.seed * 1_000_003 + epoch)
        order = torch.randperm(n_images, generator=generator)
        yield from order[: n_images - n_images % batch_size].split(batch_size)


def evaluate(model: nn.Module, images: Tensor) -> float:
    """The reconstruction error over all `images`; leaves weights, mode and gradients alone.

    Args:
        model: maps (B, 1, 28, 28) in 0..1 to the same shape.
        images: (N, 1, 28, 28), uint8, or float32 in 0..1.

    Returns:
        Mean squared error a pixel.

    Raises:
        TypeError: if the images are not a tensor.
        ValueError: if they are no batch, or an empty one, or an image is not finite.
    """
    return _mean_loss(model, _prepare(model, images, "images"), None, reconstruction_loss)


def choose_device(name: str = "auto") -> torch.device:
    """The device to train on: a CUDA or Apple GPU where there is one, else the CPU.

    Args:
        name: 'auto', 'cpu', 'cuda' or 'mps'. Where the one asked for is missing, a printed line
            says so and the CPU is used.

    Raises:
        ValueError: if the name is none of these.
    """
    present = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        return torch.device(next(device for device, is_there in present.items() if is_there))
    if name not in present:
        raise ValueError(f"device: got {name!r}. Pass 'auto', 'cpu', 'cuda' or 'mps'.")
    if not present[name]:
        print(f"Using the CPU because PyTorch finds no usable '{name}' device here.")
        return torch.device("cpu")
    return torch.device(name)


def _prepare(model: nn.Module, images: Tensor, what: str) -> Tensor:
    """`images`, checked, on the model's device."""
    if not isinstance(images, Tensor):
        raise TypeError(
            f"{what}: got {type(images).__name__}.\n"
            "Pass a tensor (N, 1, 28, 28), uint8, or float32 in 0..1 (torch.as_tensor converts)."
        )
    if images.ndim < 2:
        raise ValueError(
            f"{what}: got shape {tuple(images.shape)}, not a batch.\n"
            "Pass shape (N, 1, 28, 28), also for one image."
        )
    if len(images) == 0:
        raise ValueError(f"{what}: got none (shape {tuple(images.shape)}). Pass at least one.")
    if images.is_floating_point():
        bad = (~images.reshape(len(images), -1).isfinite().all(1)).nonzero()
        if len(bad):
            raise ValueError(
                f"{what}: image {bad[0].item()} holds a value that is not finite "
                f"({len(bad)} such image(s) of {len(images)}).\nRemove or repair them first."
            )
    return images.to(next(model.parameters(), images).device)  # a model may have no parameters


def _prepare_labels(labels: Tensor | None, images: Tensor, what: str) -> Tensor | None:
    """`labels`, checked, on the images' device."""
    if labels is None:
        return None
    if labels.shape != (len(images),):
        raise ValueError(
            f"{what}: got shape {tuple(labels.shape)} for {len(images)} images.\n"
            f"Pass one label an image, shape ({len(images)},)."
        )
    return labels.to(images.device)


def _pick(labels: Tensor | None, chosen: Tensor | slice) -> Tensor | None:
    return None if labels is None else labels[chosen]


def _sample(data: Any) -> Any:
    """Up to `N_TRACKED` images, or their labels, the same ones every time; of None, None.

    They are drawn at random: MNIST's training images alternate between easier and harder ones, so
    that every n-th would be a sample of one sort.
    """
    if data is None or len(data) <= N_TRACKED:
        return data
    order = torch.randperm(len(data), generator=torch.Generator().manual_seed(0))
    return data[order[:N_TRACKED].to(data.device)]


def _mean_loss(model: nn.Module, images: Tensor, labels: Tensor | None, loss: Loss) -> float:
    """The loss over all images, in batches; leaves weights, mode and gradients alone."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    total = 0.0
    try:
        with torch.no_grad():
            for start in range(0, len(images), EVALUATION_BATCH):
                part = slice(start, start + EVALUATION_BATCH)
                x = as_float(images[part])
                total += loss(model, x, _pick(labels, part)).item() * len(x)
    finally:
        for module, mode in modes.items():
            module.training = mode
    return total / len(images)


def _record(
    run: TrainingRun,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    tracked: dict[str, tuple[Tensor, Tensor | None]],
    loss: Loss,
) -> None:
    """Note the losses of this step, and put weights and optimizer aside to return to."""
    errors = {name: _mean_loss(model, *data, loss) for name, data in tracked.items()}
    if not all(math.isfinite(error) for error in errors.values()):
        raise _not_finite("error", run.step, run.settings, run)
    history = deepcopy(run.history)
    history.steps.append(run.step)
    for name, error in errors.items():
        getattr(history, name).append(error)
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "history": history}
    run._saved = deepcopy(state)  # all at once: an interruption finds the old record or the new one
    run.history = history


def _restore(run: TrainingRun, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Bring model, optimizer and run back to the last record."""
    saved = deepcopy(run._saved)  # the optimizer would go on working in what it is given
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    run.history = saved["history"]
    run.step = run.history.steps[-1]


def _continue(
    run: TrainingRun, earlier: TrainingRun, model: nn.Module, optimizer: torch.optim.Optimizer
) -> None:
    """Make `run` start where `earlier` stopped."""
    if earlier.settings != run.settings:
        raise ValueError(
            f"resume: the run was started with {earlier.settings},\nbut now {run.settings} is "
            "asked for.\nPass the same settings to go on, or leave `resume` out to start again."
        )
    if earlier._start != run._start:
        raise ValueError(
            "resume: the run was started with another model, other layers frozen, or other images."
            "\nPass the same ones to go on, or leave `resume` out to start again."
        )
    run._saved = earlier._saved
    _restore(run, model, optimizer)


def _not_finite(what: str, step: int, settings: Settings, run: TrainingRun) -> TrainingError:
    last = run.history.steps[-1] if run.history.steps else 0
    return TrainingError(
        f"the {what} at step {step:,} is not finite (NaN or infinite).\n"
        f"The usual cause is too high a learning rate: it was {settings.lr:g}; try a tenth.\n"
        f"The model holds the weights of step {last:,}."
    )
