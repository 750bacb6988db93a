"""The figures of merit, compared with plain loops."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ae_utils.metrics import (
    confusion_table,
    image_errors,
    knn_labels,
    nearest_images,
    reconstruction_error,
    silhouette_by_class,
)
from tests.helpers import check_message

METRICS = (image_errors, reconstruction_error)
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


@settings(max_examples=20)
@given(n=st.integers(1, 4), seed=st.integers(0, 1000), flat=st.booleans())
def test_errors_equal_a_loop_over_pixels(n: int, seed: int, flat: bool) -> None:
    arrays = random_pair(n, seed, (784,) if flat else (1, 28, 28))
    x_hat, x = map(torch.from_numpy, arrays)
    wanted = loop_errors(*arrays)
    assert image_errors(x_hat, x).tolist() == pytest.approx(wanted, rel=1e-5)
    assert reconstruction_error(x_hat, x).item() == pytest.approx(sum(wanted) / n, rel=1e-5)


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
    check_message(caught.value, f"reconstructions {shape_hat}", f"originals {shape}", "one layout")


@each_metric
@pytest.mark.parametrize("name", ["reconstructions", "originals"])
def test_stored_images_are_refused(metric, name: str) -> None:
    """Numbers 0..255 against 0..1 would give a figure, and a wrong one."""
    stored, x = torch.zeros(2, 1, 28, 28, dtype=torch.uint8), torch.zeros(2, 1, 28, 28)
    pair = (stored, x) if name == "reconstructions" else (x, stored)
    with pytest.raises(TypeError) as caught:
        metric(*pair)
    check_message(caught.value, f"{name}: got torch.uint8", "to_float")


# Neighbours.


@pytest.mark.parametrize(("m", "n"), [(1, 1), (3, 50), (2, 2_300)])
def test_nearest_image_is_the_nearest(m: int, n: int) -> None:
    rng = np.random.default_rng(0)
    stored = rng.integers(0, 256, (n, 1, 28, 28), dtype=np.uint8)
    x = rng.random((m, 1, 28, 28), dtype=np.float32)
    stored[-1] = 200 * x[-1]  # the last of all is the nearest to one
    errors, which = nearest_images(torch.from_numpy(x), torch.from_numpy(stored))
    for error, number, image in zip(errors.tolist(), which.tolist(), x, strict=True):
        distances = np.square(stored / 255 - image).mean((1, 2, 3))
        assert number == distances.argmin()
        assert error == pytest.approx(distances.min(), rel=1e-3)


@settings(max_examples=20)
@given(k=st.integers(1, 9), latent_dim=st.integers(1, 8), seed=st.integers(0, 1000))
def test_labels_by_vote_equal_a_loop(k: int, latent_dim: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    known, codes = rng.normal(size=(30, latent_dim)), rng.normal(size=(8, latent_dim))
    labels = rng.integers(0, 4, 30)
    named = knn_labels(*map(torch.from_numpy, (codes, known, labels)), k)
    for code, name in zip(codes, named.tolist(), strict=True):
        nearest = np.argsort(np.square(known - code).sum(1))[:k]
        assert name == np.bincount(labels[nearest]).argmax()  # of equals, the first


@settings(max_examples=20)
@given(pairs=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40))
def test_confusion_table_counts_pairs(pairs: list[tuple[int, int]]) -> None:
    table = confusion_table(*torch.tensor(pairs).T)
    n_classes = max(max(pair) for pair in pairs) + 1
    assert table.shape == (n_classes, n_classes)
    for label in range(n_classes):
        row = [named for true, named in pairs if true == label]
        wanted = [row.count(named) / max(1, len(row)) for named in range(n_classes)]
        assert table[label].tolist() == pytest.approx(wanted)


def test_silhouette_equals_its_definition() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [5, 7, 4])
    codes = rng.normal(size=(16, 2)) + 3 * np.eye(3)[labels][:, :2]
    values = []
    for number, label in enumerate(labels):
        distances = np.linalg.norm(codes - codes[number], axis=1)
        own = distances[labels == label].sum() / (np.sum(labels == label) - 1)
        other = min(distances[labels == c].mean() for c in range(3) if c != label)
        values.append((other - own) / max(own, other))
    found = silhouette_by_class(torch.from_numpy(codes), torch.from_numpy(labels))
    wanted = [np.mean(np.array(values)[labels == c]) for c in range(3)]
    assert found.tolist() == pytest.approx(wanted, rel=1e-5)
