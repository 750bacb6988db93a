"""Images: converted, checked, averaged, and mapped a batch at a time."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ae_utils.images import check_images, first_of_each, map_batches, mean_image, to_float
from tests.helpers import check_message, random_images


def test_to_float_equals_numpy() -> None:
    images = torch.arange(2 * 784).remainder(256).to(torch.uint8).reshape(2, 1, 28, 28)
    x = to_float(images)
    assert x.dtype == torch.float32 and x.min() == 0 and x.max() == 1
    assert np.array_equal(x.numpy(), images.numpy().astype(np.float32) / np.float32(255))


def test_what_is_right_already_is_handed_through() -> None:
    x, activations = torch.rand(2, 1, 28, 28), torch.rand(3, 5, dtype=torch.float64)
    assert to_float(x) is check_images(x) is x
    assert to_float(activations) is activations


@pytest.mark.parametrize(
    ("images", "error", "part"),
    [
        (torch.zeros(2, 1, 28, 28, dtype=torch.int64), TypeError, "int64"),
        (np.zeros((2, 1, 28, 28), np.uint8), TypeError, "ndarray"),
        (torch.zeros(2, 28, 28, dtype=torch.uint8), ValueError, r"\(2, 28, 28\)"),
        (torch.zeros(2, 28, 28, 1, dtype=torch.uint8), ValueError, r"\(2, 28, 28, 1\)"),
        (torch.zeros(2, 1, 32, 32, dtype=torch.uint8), ValueError, r"\(2, 1, 32, 32\)"),
    ],
    ids=["int64", "NumPy", "no channel axis", "channels last", "32 x 32"],
)
def test_to_float_says_what_it_expects(
    images: torch.Tensor, error: type[Exception], part: str
) -> None:
    with pytest.raises(
        error, match=rf"(?s)got .*{part}.*uint8 tensor \(N, 1, 28, 28\), values 0\.\.255"
    ):
        to_float(images)


def test_mean_image_equals_numpy() -> None:
    images = torch.randint(0, 256, (2_500, 1, 28, 28), dtype=torch.uint8)
    assert np.allclose(mean_image(images).numpy(), images.numpy().mean(0) / 255, atol=1e-5)


@given(n=st.integers(1, 30), size=st.integers(1, 12))
def test_mapping_by_batches_equals_mapping_at_once(n: int, size: int) -> None:
    images = random_images(n)
    sums = map_batches(lambda x: x.sum((1, 2, 3)), images, size)
    torch.testing.assert_close(sums, (images.float() / 255).sum((1, 2, 3)))
    codes = torch.randn(n, 3)
    assert torch.equal(map_batches(lambda z: 2 * z, codes, size), 2 * codes)


def test_mapping_notes_nothing_down_for_gradients() -> None:
    weight = torch.ones(3, requires_grad=True)
    assert not map_batches(lambda z: z * weight, torch.ones(4, 3)).requires_grad


@pytest.mark.parametrize("function", [lambda x: x.mean(0), lambda x: x[:-1]])
def test_one_result_an_element_is_wanted(function: Any) -> None:
    with pytest.raises(ValueError) as caught:
        map_batches(function, random_images(5))
    check_message(caught.value, "function: gave ", "a batch of 5", "one result")


def test_first_of_each_class_is_found() -> None:
    labels = torch.tensor([3, 1, 3, 0, 1, 2])
    assert first_of_each(labels).tolist() == [3, 1, 5, 0]


BAD_IMAGES: dict[str, tuple[Any, type[Exception], str]] = {
    "uint8": (torch.zeros(2, 1, 28, 28, dtype=torch.uint8), TypeError, "`to_float`"),
    "int64": (torch.zeros(2, 1, 28, 28, dtype=torch.int64), TypeError, "torch.int64"),
    "float64": (torch.zeros(2, 1, 28, 28, dtype=torch.float64), TypeError, "`.float()`"),
    "NumPy": (np.zeros((2, 1, 28, 28), np.float32), TypeError, "ndarray"),
    "list": ([[0.0]], TypeError, "list"),
    "NHWC": (torch.zeros(2, 28, 28, 1), ValueError, "(2, 28, 28, 1)"),
    "32 x 32": (torch.zeros(2, 1, 32, 32), ValueError, "(2, 1, 32, 32)"),
    "no channel axis": (torch.zeros(2, 28, 28), ValueError, "(2, 28, 28)"),
    "one image": (torch.zeros(1, 28, 28), ValueError, "(1, 28, 28)"),
    "flat": (torch.zeros(2, 784), ValueError, "(2, 784)"),
    "colour": (torch.zeros(2, 3, 28, 28), ValueError, "(2, 3, 28, 28)"),
    "0..255": (torch.full((2, 1, 28, 28), 255.0), ValueError, "from 255 to 255"),
    "-1..1": (torch.full((2, 1, 28, 28), -1.0), ValueError, "from -1 to -1"),
    "NaN": (torch.zeros(2, 1, 28, 28).index_fill(0, torch.tensor(1), math.nan), ValueError, "nan"),
    "infinite": (torch.full((2, 1, 28, 28), math.inf), ValueError, "inf"),
}


@pytest.mark.parametrize("x, kind, cause", BAD_IMAGES.values(), ids=BAD_IMAGES)
def test_bad_images_are_refused(x: Any, kind: type[Exception], cause: str) -> None:
    with pytest.raises(kind) as caught:
        check_images(x)
    check_message(caught.value, "images: ", cause, "float32", "(N, 1, 28, 28)", "0..1")
    assert cause == "`to_float`" or "to_float" not in str(caught.value)  # it would not help
