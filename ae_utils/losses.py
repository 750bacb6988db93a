"""What a training makes small and a model is measured by: losses, over whole data sets too."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ae_utils.checks import check_labels
from ae_utils.device import ordinary_arithmetic
from ae_utils.images import check_images, check_stored, to_float
from ae_utils.metrics import reconstruction_error

EVALUATION_BATCH = 500  # measured on a CPU: half the time of 2,000, and faster than 100

Sample = tuple[Tensor, Tensor | None]  # images, with their labels if there are any

# (model, images of a batch, their labels or None) -> a scalar, the mean over the batch.
Loss = Callable[[Any, Tensor, Tensor | None], Tensor]


def reconstruction_loss(model: nn.Module, x: Tensor, labels: Tensor | None = None) -> Tensor:
    """How far the model's outputs are from its inputs `x`; labels play no part."""
    return reconstruction_error(model(x), x)


def classification_loss(model: nn.Module, x: Tensor, labels: Tensor | None) -> Tensor:
    """The cross-entropy of the model's logits (B, K) for images `x` against their labels (B,)."""
    logits = model(x)
    return F.cross_entropy(logits, _require_labels(labels, logits, "classification_loss"))


def error_rate(model: nn.Module, x: Tensor, labels: Tensor | None) -> Tensor:
    """Of images `x`, how many per cent have their largest logit (B, K) not at their label (B,)."""
    logits = model(x)
    return 100 * (logits.argmax(1) != _require_labels(labels, logits, "error_rate")).float().mean()


@ordinary_arithmetic()
def evaluate(
    model: nn.Module, images: Tensor, labels: Tensor | None = None, loss: Loss = reconstruction_loss
) -> float:
    """The loss over all images, by default the reconstruction error: mean squared error a pixel.

    It leaves weights, mode and gradients alone.

    Args:
        model: maps (B, 1, 28, 28) in 0..1 to what the loss is computed from.
        images: (N, 1, 28, 28), uint8, or float32 in 0..1.
        labels: whole numbers (N,), for a loss that needs them.

    Raises: TypeError, ValueError, as in `training.fit`.
    """
    return mean_loss(model, *check_data(model, images, labels, ""), loss)


def mean_loss(model: nn.Module, images: Tensor, labels: Tensor | None, loss: Loss) -> float:
    """The loss over all images, in batches; leaves weights, mode and gradients alone."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    total = 0.0
    try:
        with torch.no_grad():
            for start in range(0, len(images), EVALUATION_BATCH):
                part = slice(start, start + EVALUATION_BATCH)
                x = to_float(images[part])
                total += loss(model, x, None if labels is None else labels[part]).item() * len(x)
    finally:
        for module, mode in modes.items():
            module.training = mode
    return total / len(images)


def check_data(model: nn.Module, images: Tensor, labels: Tensor | None, what: str) -> Sample:
    """Check model, images and labels, once for a training; move the data to the model's device.

    `what` they are, 'training', 'test' or '', says the message of the TypeError or ValueError.
    """
    for weight, w in model.named_parameters():
        if w.dtype != torch.float32:
            raise TypeError(
                f"model: {weight} of this {type(model).__name__} is {w.dtype}.\n"
                "Images are float32, and so must the weights be: call `model.float()` first."
            )
    name = f"{what} images".lstrip()
    if not isinstance(images, Tensor):
        raise TypeError(
            f"{name}: got {type(images).__name__}.\n"
            "Pass a tensor (N, 1, 28, 28), uint8, or float32 in 0..1 (torch.as_tensor converts)."
        )
    if images.ndim < 2 or len(images) == 0:
        raise ValueError(
            f"{name}: got shape {tuple(images.shape)}, not a batch of at least one.\n"
            "Pass shape (N, 1, 28, 28), also for one image."
        )
    if not images.is_floating_point():
        check_stored(images, name)
    elif images.dtype != torch.float32:
        raise TypeError(f"{name}: got {images.dtype}.\nPass float32 (`.float()`) or uint8.")
    elif len(bad := (~images.flatten(1).isfinite().all(1)).nonzero()):
        raise ValueError(
            f"{name}: image {bad[0].item()} holds a value that is not finite "
            f"({len(bad)} such image(s) of {len(images)}).\nRemove or repair them first."
        )
    elif images.ndim != 2:  # (N, n) are a layer's activations, of any range
        check_images(images, name)
    if labels is not None:
        labels = check_labels(labels, f"{what} labels".lstrip(), len(images))
    device = next(model.parameters(), images).device  # a model may have no parameters
    return images.to(device), None if labels is None else labels.to(device)


def _require_labels(labels: Tensor | None, logits: Tensor, loss: str) -> Tensor:
    """The labels (B,) of images with logits (B, K), if there are any."""
    if labels is None:
        raise ValueError(f"{loss}: the images came without labels. Pass `labels`.")
    return check_labels(labels, n=len(logits), n_classes=logits.shape[1])
