"""The autoencoders: shapes, ranges, sizes, starting weights, and what they refuse."""

import math
from collections.abc import Callable
from copy import deepcopy
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from ae_utils.convolutional import convolutional_autoencoder
from ae_utils.data import load_digits
from ae_utils.images import mean_image, to_float
from ae_utils.layers import ACTIVATIONS
from ae_utils.metrics import reconstruction_error
from ae_utils.models import (
    LATENT_LIMIT,
    Autoencoder,
    count_parameters,
    dense_autoencoder,
    linear_autoencoder,
)
from tests.helpers import check_message, random_images, same_weights
from tools.make.residual import residual_autoencoder

pytestmark = pytest.mark.usefixtures("one_thread")

BUILDERS = {
    "linear": linear_autoencoder,
    "dense": dense_autoencoder,
    "residual": residual_autoencoder,
    "convolutional": convolutional_autoencoder,
}
BOUNDED = {kind: build for kind, build in BUILDERS.items() if kind != "linear"}
HAVE_MEAN = [linear_autoencoder, dense_autoencoder, residual_autoencoder]
MODELS = {kind: build(2) for kind, build in BUILDERS.items()}  # never changed by a test

each_builder = pytest.mark.parametrize("build", BUILDERS.values(), ids=BUILDERS)
each_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)

Build = Callable[..., Autoencoder]
DIGIT_IMAGES = load_digits("digits").train_images
MEAN = mean_image(DIGIT_IMAGES)


# What goes in and what comes out.


@settings(max_examples=25)
@given(
    kind=st.sampled_from(list(BUILDERS)),
    n=st.integers(0, 5),
    latent_dim=st.integers(1, 40) | st.just(784),
)
def test_shapes_hold_for_every_batch_and_latent_dim(kind: str, n: int, latent_dim: int) -> None:
    model, x = BUILDERS[kind](latent_dim), to_float(random_images(n))
    z = model.encode(x)
    assert z.shape == (n, latent_dim) and model.latent_dim == latent_dim
    assert model(x).shape == (n, 1, 28, 28) and torch.equal(model(x), model.decode(z))
    assert z.dtype == model(x).dtype == torch.float32


coordinates = st.floats(-LATENT_LIMIT, LATENT_LIMIT, width=32)


@settings(max_examples=60)
@given(
    kind=st.sampled_from(list(BOUNDED)),
    points=st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=4),
    extreme=st.sampled_from([0.0, 1.0]),
)
def test_all_points_and_extremes_give_grey_levels(kind: str, points: list, extreme: float) -> None:
    with torch.no_grad():
        images = MODELS[kind].decode(points)
        x_hat = MODELS[kind](torch.full((2, 1, 28, 28), extreme))
    assert images.shape == (len(points), 1, 28, 28)
    assert all(((each >= 0) & (each <= 1)).all() for each in (images, x_hat))  # not of NaN


def test_linear_model_is_affine_both_ways() -> None:
    model = linear_autoencoder(3, seed=1)
    x, z = to_float(random_images(2)), torch.randn(2, 3, generator=torch.Generator().manual_seed(0))
    halfway = model.encode(x.mean(0, keepdim=True))
    torch.testing.assert_close(halfway, model.encode(x).mean(0, keepdim=True))
    image = model.decode(z.mean(0))
    torch.testing.assert_close(image, model.decode(z).mean(0, keepdim=True))


# Sizes, and how they learn.


@pytest.mark.parametrize(
    ("kind", "encoder", "decoder"),
    [
        ("linear", 784 * 2 + 2, 2 * 784 + 784),
        ("dense", 299_906, 300_688),
        ("residual", 805_890, 930_064),
        ("convolutional", 98_946, 102_017),
    ],
)
def test_parameter_counts_of_the_2d_models(kind: str, encoder: int, decoder: int) -> None:
    model = BUILDERS[kind](2)
    assert count_parameters(model.encoder) == encoder
    assert count_parameters(model.decoder) == decoder
    assert count_parameters(model) == encoder + decoder
    model.encoder.requires_grad_(False)
    assert count_parameters(model) == decoder


@pytest.mark.parametrize("widths", [(), (10,), (30, 20, 10, 5)])
def test_dense_layers_have_the_widths_asked_for_and_are_mirrored(widths: tuple[int, ...]) -> None:
    model = dense_autoencoder(3, widths=widths)
    sizes = [784, *widths, 3, *reversed(widths), 784]
    layers = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    assert [(layer.in_features, layer.out_features) for layer in layers] == list(pairwise(sizes))


@each_builder
def test_gradients_reach_every_parameter(build: Build) -> None:
    model, x = build(3), to_float(random_images(4))
    reconstruction_error(model(x), x).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
        assert parameter.grad.any(), name


@pytest.mark.parametrize(
    ("kind", "lr"),
    [("linear", 1e-2), ("dense", 2e-3), ("residual", 2e-3), ("convolutional", 2e-3)],
)
def test_eight_images_are_learnt_by_heart(kind: str, lr: float) -> None:
    """With 8 numbers a code, every one of 8 images can have its own; a plain loop finds them."""
    x = to_float(DIGIT_IMAGES[:8])
    model = BUILDERS[kind](8)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    errors = []
    for _ in range(150):
        loss = reconstruction_error(model(x), x)
        errors.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    without_codes = reconstruction_error(x.mean(0).expand_as(x), x).item()
    assert errors[-1] < errors[0] / 10
    assert errors[-1] < without_codes / 2  # more than an average of the eight


# Starting weights.


@each_builder
def test_weights_depend_on_the_seed_alone(build: Build) -> None:
    torch.manual_seed(1)
    state, first = torch.get_rng_state(), build(2, seed=5).state_dict()
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(2)
    other = build(2, seed=6).state_dict()
    assert same_weights(build(2, seed=5), first)
    weights = [name for name, w in first.items() if w.ndim > 1]  # a normalization starts at 1
    assert weights and not any(torch.equal(first[name], other[name]) for name in weights)


@pytest.mark.parametrize("build", HAVE_MEAN)
def test_code_zero_of_an_untrained_model_is_the_mean_image_it_copied(build: Build) -> None:
    mean, limit = MEAN.clone(), 0 if build is linear_autoencoder else 1e-3  # of a sigmoid
    model = build(2, mean_image=mean)
    with torch.no_grad():
        start = model.decode([0.0, 0.0])[0]
        for parameter in model.parameters():
            parameter.add_(1)
    assert (start - MEAN.clamp(limit, 1 - limit)).abs().max() < 1e-5
    assert torch.equal(mean, MEAN)


def test_mean_image_makes_a_good_start() -> None:
    x = to_float(DIGIT_IMAGES[:200])
    best = reconstruction_error(MEAN.expand_as(x), x)
    with torch.no_grad():
        assert linear_autoencoder(2, mean_image=MEAN).encode(MEAN[None]).abs().max() < 1e-5
        assert reconstruction_error(dense_autoencoder(2, mean_image=MEAN)(x), x) < 1.2 * best
        assert reconstruction_error(dense_autoencoder(2)(x), x) > 2 * best


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_dense_weights_have_the_variance_that_their_activation_keeps(activation: str) -> None:
    function, inner = ACTIVATIONS[activation]
    t = torch.linspace(-8, 8, 10_001, dtype=torch.float64)
    density = torch.exp(-t.square() / 2) / math.sqrt(2 * math.pi)
    mean_square = torch.trapezoid(function()(t).square() * density, t)
    assert abs(inner - 1 / math.sqrt(mean_square)) < 1e-3
    model = dense_autoencoder(40, widths=(200, 100), activation=activation)
    layers = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    gains = [inner, inner, 1.0, inner, inner, 0.5]
    for layer, gain in zip(layers, gains, strict=True):
        scaled = layer.weight * math.sqrt(layer.in_features) / gain
        bound = 4 / math.sqrt(scaled.numel())  # 4 standard errors
        assert abs(scaled.mean()) < bound and abs(scaled.std() - 1) < bound
        assert not layer.bias.any()


def test_convolutional_weights_have_the_variance_promised() -> None:
    layers = [m for m in convolutional_autoencoder(2).modules() if hasattr(m, "bias")]
    assert len(layers) == 10
    for layer in layers:
        a, b = layer.weight.shape[:2]
        fans = (a + b) * math.prod(layer.weight.shape[2:])
        limit = math.sqrt(6 / fans)  # of a uniform distribution with variance 2 / fans
        scaled = layer.weight / limit
        bound = 4 / math.sqrt(scaled.numel())
        assert scaled.abs().max() <= 1
        assert abs(scaled.mean()) < bound and abs(scaled.square().mean() - 1 / 3) < bound
        assert not layer.bias.any()


# What is refused.


@each_model
def test_bad_images_are_refused_once_on_entry(model: Autoencoder) -> None:
    for bad in (torch.zeros(2, 784), torch.full((2, 1, 28, 28), 255.0)):
        for call in (model.encode, deepcopy(model).eval()):
            with pytest.raises(ValueError) as caught:
                call(bad)
            check_message(caught.value, "images: ", "float32", "(N, 1, 28, 28)", "0..1")
    with torch.no_grad():
        model(torch.full((2, 1, 28, 28), 255.0))  # while it trains: `fit` has checked


@each_builder
@pytest.mark.parametrize(
    ("latent_dim", "kind"),
    [(0, ValueError), (-1, ValueError), (785, ValueError)]
    + [(bad, TypeError) for bad in (2.0, "2", True, None, [2])],
)
def test_bad_latent_dim_is_refused(build: Build, latent_dim: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught:
        build(latent_dim)
    check_message(caught.value, "latent_dim: ", repr(latent_dim), "from 1 to 784")


BAD_POINTS: dict[str, tuple[Any, str]] = {
    "3 coordinates": (torch.zeros(4, 3), "(4, 3)"),
    "1 coordinate": (torch.zeros(4, 1), "(4, 1)"),
    "one point of 3": ([0.0, 0.0, 0.0], "(3,)"),
    "3 axes": (torch.zeros(1, 1, 2), "(1, 1, 2)"),
    "int": (3, "()"),
    "None": (None, "NoneType"),
    "words": ([["a", "b"]], "list"),
    "ragged": ([[1.0, 2.0], [3.0]], "list"),
    "a table of words": (np.full((5, 2), "word"), "ndarray"),
    "integer beyond all bounds": ([10**400, 0], "list"),
    "NaN": ([[0.0, 0.0], [math.nan, 0.0]], "not finite"),
    "infinite": ([math.inf, 0.0], "not finite"),
    "1e38": ([1e38, 0.0], "beyond"),
    "-1e38": ([0.0, -1e38], "beyond"),
}


@each_model
@pytest.mark.parametrize("z, cause", BAD_POINTS.values(), ids=BAD_POINTS)
def test_bad_points_are_refused(model: Autoencoder, z: Any, cause: str) -> None:
    with pytest.raises(ValueError) as caught:
        model.decode(z)
    check_message(caught.value, "latent points: ", cause)
    assert "shape (N, 2)" in str(caught.value) or "finite coordinates" in str(caught.value)


@each_model
def test_points_of_other_types_are_coerced(model: Autoencoder) -> None:
    wanted = model.decode(torch.tensor([[1.0, -2.0]]))
    for z in ([1, -2], (1.0, -2.0), [[1, -2]], torch.tensor([1, -2]), np.array([[1.0, -2.0]])):
        assert torch.equal(model.decode(z), wanted)


BAD_MEANS: dict[str, tuple[Any, type[Exception], str]] = {
    "uint8": (torch.zeros(1, 28, 28, dtype=torch.uint8), TypeError, "torch.uint8"),
    "0..255": (torch.full((1, 28, 28), 255.0), ValueError, "from 255 to 255"),
    "flat": (torch.zeros(784), ValueError, "shape (784,)"),
    "no channel axis": (torch.zeros(28, 28), ValueError, "shape (28, 28)"),
    "a number": (torch.zeros(1, 1, 1), ValueError, "shape (1, 1, 1)"),
    "NaN": (torch.full((1, 28, 28), math.nan), ValueError, "nan"),
    "NumPy": (np.zeros((1, 28, 28), np.float32), TypeError, "ndarray"),
}


@pytest.mark.parametrize("build", HAVE_MEAN)
@pytest.mark.parametrize("mean, kind, cause", BAD_MEANS.values(), ids=BAD_MEANS)
def test_bad_mean_image_is_refused(build: Build, mean: Any, kind: type, cause: str) -> None:
    with pytest.raises(kind) as caught:
        build(2, mean_image=mean)
    check_message(caught.value, "mean_image", cause, "(1, 28, 28)")


@pytest.mark.parametrize(
    ("name", "value", "got", "wanted"),
    [("widths", (9, bad), bad, "1 or more") for bad in (0, -1, 2.5, "a", True, [3])]
    + [("widths", 256, 256, "a list of whole numbers")]
    + [("activation", bad, bad, "'silu' or 'tanh'") for bad in ("relu", "", None, "SiLU")],
)
def test_bad_widths_and_activations_are_refused(
    name: str, value: Any, got: Any, wanted: str
) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        dense_autoencoder(2, **{name: value})
    check_message(caught.value, f"{name}: got {got!r}", wanted)
