"""The error figures, compared with plain loops."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ae_utils.metrics import image_errors, pixel_errors, reconstruction_error

METRICS = (pixel_errors, image_errors, reconstruction_error)
each_metric = pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.__name__)


def random_pair(n: int, seed: int, shape: tuple[int, ...] = (1, 28, 28)) -> list[np.ndarray]:
    """Two batches of uniform noise."""
    rng = np.random.default_rng(seed)
    return [rng.random((n, *shape), dtype=np.float32) for _ in range(2)]


def loop_errors(x_hat: np.ndarray, x: np.ndarray) -> list[float]:
    """Each image's mean squared error, pixel by pixel, in 64 bits."""
    errors = []
    for image_hat, image in zip(x_hat, x, strict=True):
        pairs = list(zip(image_hat.ravel().tolist(), image.ravel().tolist(), strict=True))
        errors.append(sum((a - b) ** 2 for a, b in pairs) / len(pairs))
    return errors


@settings(max_examples=20, deadline=None)
@given(n=st.integers(1, 4), seed=st.integers(0, 1000), flat=st.booleans())
def test_errors_equal_a_loop_over_pixels(n: int, seed: int, flat: bool) -> None:
    arrays = random_pair(n, seed, (784,) if flat else (1, 28, 28))
    x_hat, x = map(torch.from_numpy, arrays)
    wanted = loop_errors(*arrays)
    assert image_errors(x_hat, x).tolist() == pytest.approx(wanted, rel=1e-5)
    assert reconstruction_error(x_hat, x).item() == pytest.approx(sum(wanted) / n, rel=1e-5)
    assert np.array_equal(pixel_errors(x_hat, x), np.square(arrays[0] - arrays[1]))


@settings(max_examples=20, deadline=None)
@given(n=st.integers(1, 6), seed=st.integers(0, 1000))
def test_mean_over_images_is_the_reconstruction_error(n: int, seed: int) -> None:
    x_hat, x = map(torch.from_numpy, random_pair(n, seed))
    errors = image_errors(x_hat, x)
    assert errors.shape == (n,)
    torch.testing.assert_close(errors.mean(), reconstruction_error(x_hat, x))


def test_known_values() -> None:
    black, white = torch.zeros(2, 1, 28, 28), torch.ones(2, 1, 28, 28)
    assert reconstruction_error(black, black).item() == 0
    assert reconstruction_error(black, white).item() == 1
    assert image_errors(black, torch.stack([black[0], white[1]])).tolist() == [0, 1]


def test_gradient_is_twice_the_difference_over_the_pixels() -> None:
    x_hat, x = map(torch.from_numpy, random_pair(3, 0))
    x_hat.requires_grad_(True)
    reconstruction_error(x_hat, x).backward()
    torch.testing.assert_close(x_hat.grad, 2 * (x_hat.detach() - x) / x.numel())


@each_metric
@pytest.mark.parametrize(
    ("shape_hat", "shape"),
    [
        ((2, 784), (2, 1, 784)),
        ((2, 1, 784), (2, 784)),
        ((1, 1, 28, 28), (2, 1, 28, 28)),
        ((), (2,)),
    ],
)
def test_shapes_that_would_broadcast_are_refused(metric, shape_hat, shape) -> None:
    with pytest.raises(ValueError) as caught:
        metric(torch.zeros(shape_hat), torch.zeros(shape))
    message = str(caught.value)
    assert len(message.splitlines()) <= 3
    assert f"reconstructions {shape_hat}" in message and f"originals {shape}" in message
    assert "Reshape" in message


@each_metric
@pytest.mark.parametrize("name", ["reconstructions", "originals"])
def test_stored_images_are_refused(metric, name: str) -> None:
    """Numbers 0..255 against 0..1 would give a figure, and a wrong one."""
    stored, x = torch.zeros(2, 1, 28, 28, dtype=torch.uint8), torch.zeros(2, 1, 28, 28)
    pair = (stored, x) if name == "reconstructions" else (x, stored)
    with pytest.raises(TypeError) as caught:
        metric(*pair)
    message = str(caught.value)
    assert len(message.splitlines()) <= 3
    assert f"{name}: got torch.uint8" in message and "to_float" in message
