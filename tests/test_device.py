"""The device: which one is chosen, and what is said."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
import torch

from ae_utils.data import load_digits
from ae_utils.device import choose_device
from ae_utils.distance import DataDistance, place_levels
from ae_utils.images import mean_image, to_float
from ae_utils.latent import encode_dataset, latent_box, make_grid, sample_uniform
from ae_utils.losses import evaluate
from ae_utils.models import Autoencoder, dense_autoencoder, linear_autoencoder
from ae_utils.pca import pca_autoencoder
from ae_utils.stacking import make_layers, masking_noise, pretrain
from ae_utils.training import Settings, fit
from tests.helpers import check_message


def pretend(monkeypatch: pytest.MonkeyPatch, *, cuda: bool, mps: bool) -> None:
    """Let PyTorch find these devices."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_absent_device_gives_way_to_the_cpu_with_a_line(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pretend(monkeypatch, cuda=False, mps=False)
    assert choose_device(name) == torch.device("cpu")
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) == 1
    assert "Using the CPU because" in printed and f"'{name}'" in printed


@pytest.mark.parametrize(
    ("cuda", "mps", "wanted"),
    [(False, False, "cpu"), (True, False, "cuda"), (False, True, "mps"), (True, True, "cuda")],
)
def test_devices_that_are_there_are_chosen_in_silence(
    cuda: bool, mps: bool, wanted: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    pretend(monkeypatch, cuda=cuda, mps=mps)
    assert choose_device() == choose_device("auto") == torch.device(wanted)
    assert choose_device(wanted) == torch.device(wanted)
    assert choose_device("cpu") == torch.device("cpu")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", ["gpu", "CUDA", "cuda:0", "", "cpu "])
def test_unknown_device_is_refused(name: str) -> None:
    with pytest.raises(ValueError) as caught:
        choose_device(name)
    check_message(caught.value, "device: ", repr(name), "'auto', 'cpu', 'cuda' or 'mps'")


# Modes that a caller may have switched on.


IMAGES = load_digits("digits").train_images[:60]
MODES = (torch.is_grad_enabled, torch.is_inference_mode_enabled, torch.get_default_dtype)
MODES += (partial(torch.is_autocast_enabled, "cpu"),)
autocast = partial(torch.autocast, "cpu", dtype=torch.bfloat16)


@contextmanager
def everything() -> Iterator[None]:
    """All that could disturb, one within the other."""
    torch.set_default_dtype(torch.float64)
    try:
        with torch.no_grad(), autocast(), torch.inference_mode(), autocast():
            yield
    finally:
        torch.set_default_dtype(torch.float32)


def compute(model: Autoencoder) -> list[Any]:
    """Train, build and measure in every way: figures, and weights."""
    settings, layers = Settings(steps=20, batch_size=16), make_layers((784, 6, 4), "relu")
    results: list[Any] = [fit(model, IMAGES, settings, test_images=IMAGES[:9])]
    results += pretrain(layers, IMAGES, settings, masking_noise(0.3))
    codes = encode_dataset(model.encode, IMAGES)
    points = sample_uniform(*latent_box(codes), 9), make_grid(*latent_box(codes), 3)
    results += [evaluate(model, IMAGES), place_levels(DataDistance(codes), codes)]
    results += [each.tolist() for each in (codes, *points)]
    linear = linear_autoencoder(2, mean_image=mean_image(IMAGES))
    for each in (model, *layers, linear, pca_autoencoder(IMAGES)):
        results += [weight.tolist() for weight in each.parameters()]
    return results


@pytest.mark.parametrize("mode", [autocast, torch.no_grad, torch.inference_mode, everything])
def test_what_the_caller_has_switched_on_changes_nothing_and_stays_on(mode, one_thread) -> None:
    inside, outside = (dense_autoencoder(2, widths=(12, 6)) for _ in range(2))
    x = to_float(IMAGES)
    with mode():
        inside(x)  # whereupon autocast keeps the weights in 16 bits, until they are trained
        before = [is_on() for is_on in MODES]
        results = compute(inside)
        assert [is_on() for is_on in MODES] == before
        x_hat, built = inside(x), dense_autoencoder(2, widths=(12, 6))
    assert results == compute(outside)
    with mode():
        assert torch.equal(x_hat, inside(x))
    fit(built, IMAGES, Settings(1))  # what is built there can be trained
