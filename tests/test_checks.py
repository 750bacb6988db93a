"""What a caller may pass as numbers, points and labels: any type that means the same."""

import json
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector

from ae_utils.distance import DataDistance, view_point
from ae_utils.images import first_of_each, map_batches, to_float
from ae_utils.latent import decode_points, interpolate, make_grid, sample_uniform
from ae_utils.losses import classification_loss, error_rate, evaluate
from ae_utils.metrics import confusion_table, knn_labels, nearest_images, silhouette_by_class
from ae_utils.models import dense_autoencoder
from ae_utils.pca import pca_autoencoder
from ae_utils.stacking import add_classifier, make_layers, masking_noise
from ae_utils.training import Settings
from tests.helpers import check_message, random_images

pytestmark = pytest.mark.usefixtures("one_thread")

IMAGES, LABELS = random_images(40), torch.arange(40) % 4
CODES = torch.randn(40, 2, generator=torch.Generator().manual_seed(0))
MODEL, CLASSIFIER = dense_autoencoder(widths=(6,)), nn.Sequential(nn.Flatten(), nn.Linear(784, 4))
LOW, HIGH = torch.zeros(2), torch.ones(2)


def weights(model: nn.Module) -> Tensor:
    """All weights in a row."""
    return parameters_to_vector(model.parameters()).detach()


WHOLE: dict[str, Any] = {  # `n` makes a number of the type that is tried
    "latent_dim": lambda n: weights(dense_autoencoder(n(3), widths=(6,))),
    "widths": lambda n: weights(dense_autoencoder(widths=(n(5), n(4)))),
    "seed": lambda n: weights(dense_autoencoder(widths=(6,), seed=n(3))),
    "sizes": lambda n: weights(make_layers((n(784), n(4)), "relu")[0]),
    "n_classes": lambda n: weights(add_classifier(make_layers((784, 3), "relu"), n(5))),
    "noise": lambda n: masking_noise(0.5, n(3))(CODES),
    "PCA": lambda n: weights(pca_autoencoder(IMAGES, n(3))),
    "batch_size": lambda n: map_batches(MODEL.encode, IMAGES, n(7)),
    "grid": lambda n: make_grid(LOW, HIGH, n(3)),
    "sample": lambda n: sample_uniform(LOW, HIGH, n(5), n(3)),
    "line": lambda n: interpolate(LOW, HIGH, n(3)),
    "n_neighbours": lambda n: DataDistance(CODES, n(3))(CODES),
    "k": lambda n: knn_labels(CODES, CODES, LABELS, n(3)),
}
POINTS: dict[str, Any] = {
    "line": lambda z: interpolate(z[0], z[1], 5),
    "grid": lambda z: make_grid(z[0], z[1], 3),
    "sample": lambda z: sample_uniform(z[0], z[1], 9),
    "decoded": lambda z: decode_points(MODEL.decode, z),
    "distance": lambda z: DataDistance(z, 3)(z),
    "view": lambda z: view_point(MODEL.decode, DataDistance(CODES), z[1]).image,
    "votes": lambda z: knn_labels(z, z, torch.arange(8)).float(),
    "silhouette": lambda z: silhouette_by_class(z, torch.arange(8) % 2),
}
LABELLED: dict[str, Any] = {
    "evaluate": lambda k: torch.tensor(evaluate(CLASSIFIER, IMAGES, k, classification_loss)),
    "loss": lambda k: classification_loss(CLASSIFIER, to_float(IMAGES), k),
    "error rate": lambda k: error_rate(CLASSIFIER, to_float(IMAGES), k),
    "table": lambda k: confusion_table(k, LABELS),
    "names": lambda k: confusion_table(LABELS, k),
    "votes": lambda k: knn_labels(CODES, CODES, k),
    "silhouette": lambda k: silhouette_by_class(CODES, k),
    "first": first_of_each,
}


@pytest.mark.parametrize("call", WHOLE.values(), ids=WHOLE)
def test_whole_numbers_of_any_type_are_taken_and_no_others(call: Any) -> None:
    for kind in (np.int64, np.uint16, torch.tensor):
        assert torch.equal(call(kind), call(int))
    for bad in (float, str, bool):
        with pytest.raises(TypeError, match="Pass a whole number") as caught:
            call(bad)
        check_message(caught.value)


def test_settings_of_any_type_are_numbers_that_json_can_hold() -> None:
    settings = Settings(np.int64(3), np.uint8(4), np.float32(0.5), np.int32(5))
    assert json.dumps(asdict(settings)) == json.dumps(asdict(Settings(3, 4, 0.5, 5)))


@pytest.mark.parametrize("call", POINTS.values(), ids=POINTS)
def test_points_of_any_type_are_the_same_points(call: Any) -> None:
    whole = torch.tensor([[0.0, 1], [2, 4], [3, 7], [9, 9], [1, 1], [8, 2], [5, 0], [4, 6]])
    kinds = (Tensor.long, Tensor.byte, Tensor.bfloat16, Tensor.half, Tensor.double, Tensor.numpy)
    for same in (*(kind(whole) for kind in kinds), whole.clone().requires_grad_()):
        assert (call(same) - call(whole)).abs().max() < 0.03  # of 16 bits
    assert interpolate([0, 0], [2, 4], 3).tolist() == [[0, 0], [1, 2], [2, 4]]


def test_nearest_images_are_found_for_images_of_any_type() -> None:
    for x in (IMAGES[5:8], IMAGES[5:8].double() / 255):
        errors, numbers = nearest_images(x, IMAGES)
        assert numbers.tolist() == [5, 6, 7] and errors.max() < 1e-6


@pytest.mark.parametrize("call", LABELLED.values(), ids=LABELLED)
def test_labels_of_any_type_count_the_same_and_bad_ones_are_named(call: Any) -> None:
    array = LABELS.numpy()
    for same in (array.tolist(), array, array[::-1].copy()[::-1], LABELS.int(), LABELS.byte()):
        assert torch.equal(call(same), call(LABELS))
    named = r"^(known_labels|labels|named): "
    for bad in (LABELS.float(), array.astype(str), [None] * 40, LABELS - 1, LABELS[:, None]):
        with pytest.raises((TypeError, ValueError), match=named) as caught:
            call(bad)
        check_message(caught.value, "Pass ")


def test_labels_beyond_the_classes_are_named_and_small_types_do_not_overflow() -> None:
    with pytest.raises(ValueError, match=r"run from 1 to 4\.\nPass whole numbers from 0 to 3"):
        LABELLED["loss"](LABELS + 1)
    last = torch.full((9,), 29, dtype=torch.uint8)
    assert confusion_table(last, last)[29, 29] == 1
