"""Numbers, points and labels as a caller may give them: taken in any type, or refused by name."""

import math
import operator
from numbers import Real
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def check_whole(value: Any, name: str, low: float = -math.inf, high: float = math.inf) -> int:
    """A whole number of any integer type, NumPy's too, from `low` to `high`, as a plain int.

    Raises:
        TypeError: no whole number, such as 2.0, '2' or True; the message calls it `name`.
        ValueError: out of range.
    """
    limits = f", {low} or more" if high == math.inf else f" from {low} to {high}"
    message = f"{name}: got {value!r}. Pass a whole number{limits if low > -math.inf else ''}."
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(message) from None
    if isinstance(value, bool):
        raise TypeError(message)
    if not low <= number <= high:
        raise ValueError(message)
    return number


def check_sizes(sizes: Any, name: str) -> list[int]:
    """The sizes of layers, whole numbers from 1 on, as a list of plain ints.

    Raises: TypeError, ValueError, as in `check_whole`; TypeError if they are no list either.
    """
    if not hasattr(sizes, "__iter__"):
        raise TypeError(f"{name}: got {sizes!r}. Pass a list of whole numbers, such as [256, 128].")
    return [check_whole(size, name, 1) for size in sizes]


def as_float(value: Any) -> float:
    """A real number of any type, NumPy's too, as a float; all else as NaN, which no range holds."""
    return float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan


def check_labels(
    labels: Any, name: str = "labels", n: int | None = None, n_classes: float = math.inf
) -> Tensor:
    """Labels of any integer type, in a tensor, an array or a list, as int64 (N,).

    There must be `n` of them, of `n_classes` classes, where these are given.

    Raises:
        TypeError: no whole numbers; the message calls them `name`.
        ValueError: not one label an image, or one that is negative or of no class.
    """
    wanted = f"Pass whole numbers from 0 {'on' if n_classes == math.inf else f'to {n_classes - 1}'}"
    try:
        found = labels if isinstance(labels, Tensor) else torch.from_numpy(np.array(labels))
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name}: got no numbers.\n{wanted}, one an image.") from error
    if found.is_floating_point() or found.is_complex():
        raise TypeError(f"{name}: got {found.dtype}.\n{wanted}, as int64.")
    if found.ndim != 1 or n not in (None, len(found)):
        got = f"{tuple(found.shape)} for {n} images" if n else f"{tuple(found.shape)}"
        cure = f"Pass one label an image, shape ({n or 'N'},)."
        raise ValueError(f"{name}: got shape {got}.\n{cure}")
    found = found.long()
    if len(found):
        low, high = found.aminmax()
        if low < 0 or high >= n_classes:
            raise ValueError(f"{name}: they run from {low} to {high}.\n{wanted}.")
    return found


def as_floating(numbers: Any) -> Tensor:
    """Points or codes, in a tensor, an array or lists, as floating point; integers as float32."""
    numbers = torch.as_tensor(numbers)
    return numbers if numbers.is_floating_point() else numbers.float()


def as_array(numbers: Any) -> NDArray[np.floating]:
    """Points or codes of any type, on any device, as NumPy takes them: float64, or else float32."""
    numbers = as_floating(numbers).detach().cpu()
    return (numbers if numbers.dtype == torch.float64 else numbers.float()).numpy()
