"""Images: their shape, conversion and checks; whole data sets, a batch at a time.

Images stay uint8 in memory (MNIST takes 55 MB so, 220 MB as float32); `to_float` converts a batch.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from ae_utils.checks import check_labels, check_whole
from ae_utils.device import ordinary_arithmetic

IMAGE_SHAPE = (1, 28, 28)
N_PIXELS = 28 * 28
SIDE = 28  # pixels
BOX = 20  # pixels of the square that a digit is scaled to fit, as in MNIST
CENTRE = 14.0  # row and column of a digit's centre of mass, measured on MNIST
BATCH = 2_000


def to_float(images: Tensor) -> Tensor:
    """Convert stored images, uint8 (N, 1, 28, 28), 0..255, to what the models take: float32, 0..1.

    Floating point, of any shape, is handed through as it came.

    Raises: TypeError, ValueError, as in `check_stored`.
    """
    if isinstance(images, Tensor) and images.is_floating_point():
        return images
    return check_stored(images).to(torch.float32).div_(255)  # in place: one copy, not two


def check_stored(images: Tensor, name: str = "images") -> Tensor:
    """Hand images through that are as the series stores them: uint8 (N, 1, 28, 28), 0..255.

    Raises:
        TypeError: not a tensor, or not uint8; the message calls it `name`.
        ValueError: another shape.
    """
    wanted = "Pass a uint8 tensor (N, 1, 28, 28), values 0..255"
    return _check(images, torch.uint8, 4, name, wanted)


def check_images(x: Tensor, name: str = "images", n_axes: int = 4) -> Tensor:
    """Hand images through that the models can use: float32 (N, 1, 28, 28), 0..1.

    With 3 axes it is one image (1, 28, 28), such as a mean image.

    Raises:
        TypeError: not a tensor, or not float32; the message calls it `name`.
        ValueError: another shape, or a value that is NaN or outside 0..1.
    """
    shape = "(N, 1, 28, 28)" if n_axes == 4 else "(1, 28, 28)"
    wanted = f"Pass a float32 tensor {shape}, values in 0..1"
    if _check(x, torch.float32, n_axes, name, wanted).numel():
        low, high = x.aminmax()
        if not (low >= 0 and high <= 1):  # `not (...)` is true for NaN as well
            raise ValueError(f"{name}: values run from {low:g} to {high:g}.\n{wanted}.")
    return x


@ordinary_arithmetic()
@torch.no_grad()
def map_batches(
    function: Callable[[Tensor], Tensor], data: Tensor, batch_size: int = BATCH
) -> Tensor:
    """Apply a function to a data set, a batch at a time to keep memory small: results (N, ...).

    Args:
        function: from a batch (B, ...) to one result an element, (B, ...).
        data: stored images, uint8 (N, 1, 28, 28), which the function gets as float32 in 0..1; or
            floating point (N, ...), handed over as it is. N is at least 1.
        batch_size: how many at a time, 1 or more.

    Raises:
        ValueError: if the function does not give one result an element.
    """
    batch_size = check_whole(batch_size, "batch_size", 1)
    results = torch.empty(0)
    for start in range(0, len(data), batch_size):
        batch = to_float(data[start : start + batch_size])
        result = function(batch)
        if result.shape[:1] != batch.shape[:1]:
            raise ValueError(
                f"function: gave shape {tuple(result.shape)} for a batch of {len(batch)}.\n"
                "Pass a function that gives one result an image, code or point."
            )
        if start == 0:  # room for all at once; pieces would pin freed memory between them
            results = result.new_empty(len(data), *result.shape[1:])
        results[start : start + batch_size] = result
    return results


def mean_image(images: Tensor) -> Tensor:
    """The average, float32 (1, 28, 28) in 0..1, of at least one image, uint8 (N, 1, 28, 28)."""
    sums = (to_float(batch).sum(0) for batch in images.split(1_000))
    return sum(sums, start=torch.zeros(IMAGE_SHAPE, dtype=torch.float32)) / len(images)


def first_of_each(labels: Tensor) -> Tensor:
    """Where the first image of each class stands: int64 (n_classes,), from labels (N,)."""
    labels = check_labels(labels)
    return torch.stack([(labels == label).nonzero()[0, 0] for label in labels.unique()])


def centre_digits(digits: Tensor) -> Tensor:
    """Place digits with their centre of mass where MNIST's is, on black images.

    From float32 (N, 20, 20), 0..1, to uint8 (N, 1, 28, 28), 0..255.
    """
    positions = torch.arange(BOX, dtype=digits.dtype)
    sums = torch.stack((digits.sum(2), digits.sum(1)), 1)  # of the rows, of the columns
    centres = sums @ positions / digits.sum((1, 2))[:, None]  # (N, 2)
    # A symmetric digit, whose place is between two pixels, goes down and right on every machine.
    corners = (CENTRE + 1e-4 - centres).round().clamp(0, SIDE - BOX).int()
    images = torch.zeros(len(digits), 1, SIDE, SIDE, dtype=torch.uint8)
    for image, digit, (top, left) in zip(images, digits, corners.tolist(), strict=True):
        image[0, top : top + BOX, left : left + BOX] = (digit * 255).round()
    return images


def _check(images: Tensor, dtype: torch.dtype, n_axes: int, name: str, wanted: str) -> Tensor:
    if not isinstance(images, Tensor):
        kind = type(images).__name__
        raise TypeError(f"{name}: got {kind}.\n{wanted} (torch.as_tensor converts).")
    if images.dtype != dtype:
        cure = ""
        if dtype == torch.float32 and images.is_floating_point():
            cure = " (`.float()` converts)"
        elif images.dtype == torch.uint8 and n_axes == 4:
            cure = " (`to_float` converts)"
        raise TypeError(f"{name}: got {images.dtype}.\n{wanted}{cure}.")
    if images.ndim != n_axes or images.shape[-3:] != IMAGE_SHAPE:
        raise ValueError(f"{name}: got shape {tuple(images.shape)}.\n{wanted}.")
    return images
