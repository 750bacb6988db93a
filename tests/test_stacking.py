"""Stacks: what layer-wise training, stacking, unrolling and fine-tuning must keep true."""

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from ae_utils.losses import classification_loss, evaluate
from ae_utils.metrics import reconstruction_error
from ae_utils.stacking import (
    LayerAutoencoder,
    add_classifier,
    denoising_loss,
    make_layers,
    masking_noise,
    pretrain,
    stack,
    unroll,
)
from ae_utils.training import Settings, fit
from tests.helpers import check_message, copy_weights, random_images, same_weights

pytestmark = pytest.mark.usefixtures("one_thread")

SIZES = (784, 12, 9, 5)
WIDE = (784, 784, 5)  # the second layer has as many inputs as an image, but sees none
SHORT = Settings(steps=30, batch_size=16, lr=5e-3)

each_kind = pytest.mark.parametrize("activation", ["sigmoid", "relu"])


# The parts.


@each_kind
@pytest.mark.parametrize("n", [1, 4])
@pytest.mark.parametrize("sizes", [SIZES, WIDE])
def test_shapes_hold_layer_by_layer(activation: str, n: int, sizes: tuple[int, ...]) -> None:
    x = torch.rand(n, 1, 28, 28)
    layers = make_layers(sizes, activation)
    assert unroll(layers)(x).shape == x.shape
    for layer, below, above in zip(layers, sizes, sizes[1:], strict=False):
        shape = x.shape
        assert shape == ((n, 1, 28, 28) if layer is layers[0] else (n, below))
        assert layer(x).shape == shape
        x = layer.encoder(x)
        assert x.shape == (n, above)


@each_kind
def test_weights_depend_on_the_seed_alone(activation: str) -> None:
    state = torch.get_rng_state()
    one, again, other = (make_layers(SIZES, activation, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(state, torch.get_rng_state())
    for a, b, c in zip(one, again, other, strict=True):
        assert same_weights(a, copy_weights(b)) and not same_weights(c, copy_weights(a))


def test_relu_weights_have_the_variance_of_he() -> None:
    layer = LayerAutoencoder(400, 300, "relu")
    weight = layer.encoder[1].weight
    assert weight.std().item() == pytest.approx((2 / 400) ** 0.5, rel=0.02)
    assert not layer.encoder[1].bias.any()


@each_kind
def test_stack_equals_the_composition_of_its_layers(activation: str) -> None:
    layers, x = make_layers(SIZES, activation), torch.rand(3, 1, 28, 28)
    h = x.flatten(1)
    for layer in layers:
        h = layer.encoder[2](h @ layer.encoder[1].weight.T + layer.encoder[1].bias)
    torch.testing.assert_close(stack(layers)(x), h)


@each_kind
def test_unrolled_stack_goes_up_and_comes_down_through_every_layer(activation: str) -> None:
    layers, x = make_layers(SIZES, activation), torch.rand(3, 1, 28, 28)
    deep = unroll(layers)
    assert deep.latent_dim == 5
    z = layers[2].encoder(layers[1].encoder(layers[0].encoder(x)))
    assert torch.equal(deep.encode(x), z)
    x_hat = layers[0].decoder(layers[1].decoder(layers[2].decoder(z)))
    assert torch.equal(deep(x), x_hat)
    assert x_hat.shape == x.shape and (x_hat >= 0).all() and (x_hat <= 1).all()


def test_classifier_is_the_stack_with_a_linear_layer() -> None:
    layers, x = make_layers(SIZES, "relu"), torch.rand(3, 1, 28, 28)
    classifier = add_classifier(layers, seed=4)
    top = classifier[1]
    torch.testing.assert_close(classifier(x), stack(layers)(x) @ top.weight.T + top.bias)
    assert torch.equal(top.weight, add_classifier(layers, seed=4)[1].weight)
    assert classifier(x).shape == (3, 10)


def test_what_is_put_together_holds_the_layers_themselves() -> None:
    layers = make_layers(SIZES, "relu")
    before = copy_weights(layers[0].encoder)
    fit(unroll(layers), random_images(48), SHORT)
    assert not same_weights(layers[0].encoder, before)


# Greedy training.


@each_kind
def test_finished_layers_do_not_move(activation: str) -> None:
    layers, images = make_layers(SIZES, activation), random_images(48)
    pretrain(layers[:1], images, SHORT)
    first = copy_weights(layers[0])
    again = make_layers(SIZES, activation)
    pretrain(again, images, SHORT)
    assert same_weights(again[0], first)


@each_kind
def test_layer_trained_alone_equals_the_same_layer_in_the_stack(activation: str) -> None:
    images, layers, alone = (
        random_images(48),
        make_layers(SIZES, activation),
        make_layers(SIZES, activation),
    )
    pretrain(layers, images, SHORT)
    inputs = images.float() / 255
    for layer, single in zip(layers, alone, strict=True):
        fit(single, inputs, SHORT)
        assert same_weights(layer, copy_weights(single))
        with torch.no_grad():
            inputs = single.encoder(inputs)


def test_each_layer_gets_better_at_its_own_input() -> None:
    histories = pretrain(make_layers(SIZES, "sigmoid"), random_images(48), SHORT)
    assert len(histories) == 3
    for history in histories:
        assert history.train_loss[-1] < history.train_loss[0]


def test_frozen_stack_does_not_move_under_a_classifier() -> None:
    layers, images = make_layers(SIZES, "relu"), random_images(48)
    classifier = add_classifier(layers)
    classifier[0].requires_grad_(False)
    before, top = copy_weights(stack(layers)), copy_weights(classifier[1])
    fit(classifier, images, SHORT, labels=torch.arange(48) % 10, loss=classification_loss)
    assert same_weights(stack(layers), before) and not same_weights(classifier[1], top)


def test_fine_tuning_starts_where_pretraining_ended_and_lowers_the_error() -> None:
    layers, images = make_layers(SIZES, "sigmoid"), random_images(48)
    pretrain(layers, images, SHORT)
    deep = unroll(layers)
    before = evaluate(deep, images)
    history = fit(deep, images, Settings(steps=60, batch_size=16, lr=5e-3))
    assert history.train_loss[0] == pytest.approx(before)
    assert evaluate(deep, images) < before


# Noise.


@examples(max_examples=25)
@given(share=st.floats(0, 1), seed=st.integers(0, 99))
def test_masking_sets_the_share_to_zero_and_leaves_the_rest(share: float, seed: int) -> None:
    x = torch.rand(20, 784) + 0.1
    seen = masking_noise(share, seed)(x)
    kept = seen != 0
    assert torch.equal(seen[kept], x[kept])
    assert 1 - kept.float().mean().item() == pytest.approx(share, abs=0.02)


def test_noise_repeats_with_its_seed_differs_every_time_and_draws_for_itself() -> None:
    x, state = torch.rand(2, 784), torch.get_rng_state()
    one, again = masking_noise(0.5, 3), masking_noise(0.5, 3)
    first = one(x)
    assert torch.equal(first, again(x)) and not torch.equal(first, one(x))
    assert torch.equal(state, torch.get_rng_state())


def test_denoising_compares_with_the_clean_input_and_evaluates_on_it() -> None:
    model, x = make_layers(SIZES, "sigmoid")[0], torch.rand(4, 1, 28, 28)
    loss = denoising_loss(torch.zeros_like)
    torch.testing.assert_close(loss(model.train(), x, None), reconstruction_error(model(0 * x), x))
    torch.testing.assert_close(loss(model.eval(), x, None), reconstruction_error(model(x), x))


def test_pretraining_without_noise_equals_noise_of_nothing() -> None:
    images, clean, noisy = random_images(48), *(make_layers(SIZES, "relu") for _ in range(2))
    pretrain(clean, images, SHORT)
    pretrain(noisy, images, SHORT, masking_noise(0))
    for one, other in zip(clean, noisy, strict=True):
        assert same_weights(one, copy_weights(other))
    other = make_layers(SIZES, "relu")
    pretrain(other, images, SHORT, masking_noise(0.5))
    assert not same_weights(clean[0], copy_weights(other[0]))


# What is refused.


@pytest.mark.parametrize(
    ("call", "parts"),
    [
        (lambda: make_layers((784,), "relu"), ["[784]"]),
        (lambda: make_layers((100, 10), "relu"), ["[100, 10]", "784"]),
        (lambda: make_layers((784, 0), "relu"), ["sizes: got 0"]),
        (lambda: make_layers((784, 5), "gelu"), ["'gelu'", "'sigmoid' or 'relu'"]),
        *((lambda s=s: masking_noise(s), ["share", "0 to 1"]) for s in (-0.1, 1.1, float("nan"))),
    ],
)
def test_bad_arguments_are_refused(call: Any, parts: list[str]) -> None:
    with pytest.raises(ValueError) as caught:
        call()
    check_message(caught.value, *parts)
