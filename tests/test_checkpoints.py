"""Checkpoints: what is saved comes back, and nothing else is let in."""

import hashlib
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from safetensors.torch import save
from torch import Tensor, nn

from ae_utils.boltzmann import boltzmann_machine
from ae_utils.checkpoints import CheckpointError, load_checkpoint, load_shipped, save_checkpoint
from ae_utils.classifier import digit_classifier
from ae_utils.convolutional import convolutional_autoencoder
from ae_utils.data import DataSet
from ae_utils.layers import builder
from ae_utils.losses import evaluate
from ae_utils.machine_stack import sigmoid_autoencoder
from ae_utils.models import Autoencoder, dense_autoencoder, linear_autoencoder
from tests.helpers import check_message, copy_weights, same_weights

pytestmark = pytest.mark.usefixtures("one_thread")

ABOUT = {"data": "Übungsziffern 数字", "error": 0.041, "steps": [1, 2], "nested": {"none": None}}
OTHERS = ["post", "post_60000", *(f"beta_{beta}" for beta in ("0", 0.1, 0.3, 1, 3, 10, 30))]
SHIPPED = ["dense_2d", "dense_3d", "twin_20d", *OTHERS]
SHIPPED += [f"sweep_{size}d" for size in (1, 2, 3, 8, 16, 32, 64)]
SHIPPED += [f"variational_{size}d" for size in (2, 20, 40)]
MACHINES = ["boltzmann", "boltzmann_cd1"]
SHIPPED += MACHINES
BUILDERS = [linear_autoencoder, dense_autoencoder, convolutional_autoencoder, digit_classifier]
BUILDERS += [boltzmann_machine, sigmoid_autoencoder]
BLANK = b"0" * 64
FLOATS = [torch.float32, torch.float64, torch.bfloat16, torch.half]


def small_model(seed: int = 0) -> Autoencoder:
    """A model whose checkpoint is small, built with numbers that JSON does not know."""
    return dense_autoencoder(np.int64(2), widths=np.array([6, 4]), seed=np.int64(seed))


def read_folder(folder: Path) -> dict[str, bytes]:
    """All that lies in a folder: names and contents."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def check_refused(path: Path, *parts: str) -> None:
    """Hold a refusal to its type and to what it must name."""
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path)
    check_message(caught.value, path.name, *parts)


def write_sealed(path: Path, data: bytes) -> None:
    """Write a file with the right checksum in the place of the blank one."""
    path.write_bytes(data.replace(BLANK, hashlib.sha256(data).hexdigest().encode(), 1))


def forge(path: Path, weights: dict[str, Tensor], changes: dict[str, Any]) -> None:
    """Write other weights or another description, with the checksum that goes with them."""
    good = {"format": 2, "sha256": BLANK.decode(), "recipe": small_model().recipe, "about": {}}
    write_sealed(path, save(weights, {"description": json.dumps(good | changes)}))


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A good checkpoint."""
    return save_checkpoint(small_model(), tmp_path / "model", ABOUT)


# What is saved comes back.


@pytest.mark.parametrize("build", BUILDERS)
def test_round_trip_is_exact(build: Callable, tmp_path: Path) -> None:
    model, x = build(seed=1), torch.rand(5, 1, 28, 28)
    loaded, about = load_checkpoint(save_checkpoint(model, tmp_path / "model", ABOUT))
    assert torch.equal(loaded(x), model(x))
    assert about == ABOUT and loaded.recipe == model.recipe and str(loaded) == str(model)
    assert not any(module.training for module in loaded.modules())
    assert all(w.requires_grad for w in loaded.parameters())  # it can be trained on


@pytest.mark.parametrize("kind", [*FLOATS, "cuda"], ids=str)
@pytest.mark.parametrize("half", [False, True])
def test_model_of_any_type_and_device_can_be_loaded(kind: Any, half: bool, good: Path) -> None:
    if kind == "cuda" and not torch.cuda.is_available():
        pytest.skip("needs a CUDA GPU")
    model, size = small_model(seed=1).to(kind), good.stat().st_size
    before = copy_weights(model)
    loaded, _ = load_checkpoint(save_checkpoint(model, good, ABOUT, half=half))
    assert good.stat().st_size < size * (0.6 if half else 1.01)
    assert same_weights(model, before)
    for name, w in before.items():
        stored = w.to("cpu", torch.float16 if half else torch.float32).float()
        torch.testing.assert_close(loaded.state_dict()[name], stored, rtol=0, atol=0)


@pytest.mark.parametrize("name", ["model", "2.5 epochs", "v1.2", "größe 数据", "m.json", "a.b.c"])
@pytest.mark.parametrize("ending", ["", ".safetensors"])
@pytest.mark.parametrize("kind", [str, Path])
def test_name_is_kept(name: str, ending: str, kind: type, tmp_path: Path) -> None:
    path, folder = kind(tmp_path / "new folder" / (name + ending)), tmp_path / "new folder"
    assert save_checkpoint(small_model(), path, ABOUT) == folder / f"{name}.safetensors"
    assert load_checkpoint(path)[1] == ABOUT
    assert [*read_folder(folder)] == [f"{name}.safetensors"]


def test_builder_needs_nothing_but_its_mark(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def build_own(width: int) -> nn.Module:
        model = nn.Linear(width, width)
        model.recipe = {"builder": "chapter.build_own", "width": width}
        return model

    called: list[str] = []
    chapter = SimpleNamespace(build_own=builder(build_own), trap=lambda: called.append("trap"))
    monkeypatch.setitem(sys.modules, "ae_utils.chapter", chapter)
    loaded, _ = load_checkpoint(save_checkpoint(build_own(3), good.with_name("own"), {}))
    assert loaded.in_features == 3
    forge(good, {"w": torch.eye(1)}, {"recipe": {"builder": "chapter.trap"}})
    check_refused(good, "not marked as a builder")
    assert called == []


# What is refused, and what is not saved.


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"csys\nexit\n(tR.",  # a pickle that ends Python
        lambda data: data[:-1],
        lambda data: data[:8],
        lambda data: b"",
        lambda data: b"<!DOCTYPE html><html><body>Log in, please</body></html>",
        lambda data: data + b"\0",
        lambda data: bytes(len(data)),
        lambda data: b"\xff" * 8 + data[8:],
        lambda data: (2).to_bytes(8, "little") + b"[]",
        lambda data: save({"w": torch.zeros(1)}),
        lambda data: save({}, {"description": "<html>\n" * 4}),
        lambda data: save({}, {"description": "[" * 100_000}),
        lambda data: save({}, {"description": '["format", "sha256"]'}),
        lambda data: save({}, {"description": '{"format": 2}'}),
    ],
)
def test_what_is_no_checkpoint_is_refused(spoil: Callable, good: Path) -> None:
    data = spoil(good.read_bytes())
    good.write_bytes(data)
    check_refused(good, f"{len(data):,} bytes", "fetch the file again")


def test_one_changed_byte_anywhere_is_refused(good: Path) -> None:
    data = good.read_bytes()
    blank = re.sub(rb"[0-9a-f]{64}", BLANK, data, count=1)
    header = 8 + int.from_bytes(data[:8], "little")
    for place in [*range(header), *range(header, len(data), 97), len(data) - 1]:
        changed = int.to_bytes(data[place] ^ 1)
        good.write_bytes(data[:place] + changed + data[place + 1 :])
        check_refused(good)
        # Under a right checksum other numbers may come in: no other model, no other exception.
        write_sealed(good, blank[:place] + changed + blank[place + 1 :])
        try:
            assert str(load_checkpoint(good)[0]) == str(small_model())
        except CheckpointError as error:
            check_message(error, good.name)


def test_missing_file_is_named(tmp_path: Path) -> None:
    check_refused(tmp_path / "model.safetensors", "No such file", "Check the path")
    (tmp_path / "folder.safetensors").mkdir()
    check_refused(tmp_path / "folder.safetensors", "cannot read", "Check the path")


NAME, WEIGHT = next(iter(small_model().state_dict().items()))  # (6, 784)


@pytest.mark.parametrize(
    ("name", "tensor", "parts"),
    [
        (NAME, WEIGHT * torch.nan, ["not finite", "learning rate"]),
        (NAME, WEIGHT.index_fill(1, torch.tensor(3), torch.inf), ["not finite"]),
        (NAME, WEIGHT.index_fill(0, torch.tensor(5), -torch.inf).half(), ["not finite"]),
        (NAME, WEIGHT.to(torch.int8), ["torch.int8", "float16 or float32"]),
        (NAME, WEIGHT.double(), ["torch.float64"]),
        (NAME, WEIGHT.bfloat16(), ["torch.bfloat16"]),
        (NAME, WEIGHT[:-1], ["[6, 784]", "[5, 784]"]),
        (NAME, WEIGHT[None], ["[6, 784]", "[1, 6, 784]"]),
        (NAME, torch.zeros(()), ["[6, 784]", "[]"]),
        (NAME, None, ["Missing"]),
        ("zz", torch.zeros(1), ["Unexpected"]),
    ],
)
def test_other_tensors_are_refused(name: str, tensor: Any, parts: list[str], good: Path) -> None:
    weights = {**small_model().state_dict(), name: tensor}
    forge(good, {key: w for key, w in weights.items() if w is not None}, {})
    check_refused(good, name, *parts, "again")


DENSE = "models.dense_autoencoder"
BAD_RECIPES: list[Any] = [
    *(None, DENSE, [], {}, {"latent_dim": 2}),
    *({"builder": bad} for bad in (None, [DENSE], "dense_autoencoder", "models.math.sqrt")),
    *({"builder": bad} for bad in ("models.nothing", "nothing.models", "..models", "", ".")),
    *({"builder": DENSE, "latent_dim": bad} for bad in (0, -1, 2.0, "2", True, 10**30)),
    *({"builder": DENSE, "widths": bad} for bad in (6, [0], ["a\nb\nc\nd"], [10**30], [10**14])),
    *({"builder": DENSE, "seed": "a"}, {"builder": DENSE, "depth": 3}),
    {"builder": "models.linear_autoencoder", "mean_image": [[0.0]]},
]
OTHER_RECIPES: list[Any] = [
    *({"builder": DENSE, "widths": widths} for widths in ([6], [6, 4, 2], [4, 6])),
    *({"builder": "models.linear_autoencoder"}, {"builder": "classifier.digit_classifier"}),
]


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        *(({"format": v}, [f"format is {v!r}", "2"]) for v in (0, 1, 3, "2", None, [2])),
        *(({"sha256": checksum}, []) for checksum in ("", 0, None, ["a"], "\ud800")),
        ({"sha256": "a" * 64}, ["damaged", "checksum"]),
        *(({"recipe": recipe}, ["its recipe", "builds no model"]) for recipe in BAD_RECIPES),
        *(({"recipe": recipe}, ["loading state_dict"]) for recipe in OTHER_RECIPES),
    ],
    ids=str,
)
def test_other_descriptions_are_refused(changes: dict, parts: list[str], good: Path) -> None:
    forge(good, small_model().state_dict(), changes)
    check_refused(good, *parts, "again")


@pytest.mark.parametrize(
    ("change", "half", "parts"),
    [
        (lambda m: m.decoder[0].bias.data.fill_(torch.nan), False, ["decoder.0.bias", "finite"]),
        (lambda m: m.decoder[0].bias.data.fill_(torch.inf), True, ["decoder.0.bias", "finite"]),
        (lambda m: m.decoder[0].bias.data.fill_(70_000), True, ["not finite"]),  # of 16 bits
        (lambda m: m.double().decoder[0].bias.data.fill_(1e39), False, ["not finite"]),
        (lambda m: m.encoder.insert(3, nn.Linear(6, 6)), False, ["encoder.3"]),
        (lambda m: m.encoder.insert(3, nn.ReLU()), False, ["as a builder of"]),
        (lambda m: setattr(m.encoder, "3", nn.Identity()), False, ["as a builder of"]),
        (lambda m: setattr(m.decoder[0], "bias", nn.Parameter(torch.zeros(7))), False, ["[7]"]),
        (lambda m: setattr(m, "recipe", None), False, ["recipe", "a builder of"]),
        (lambda m: delattr(m, "recipe"), False, ["recipe", "a builder of"]),
    ],
)
def test_bad_model_is_not_saved(change: Callable, half: bool, parts: list[str], good: Path) -> None:
    model, before = small_model(seed=1), read_folder(good.parent)
    change(model)
    with pytest.raises(CheckpointError) as caught:
        save_checkpoint(model, good, {}, half=half)
    check_message(caught.value, good.name, "not saved", *parts)
    assert read_folder(good.parent) == before


@pytest.mark.parametrize(("about", "cause"), [({}, OSError), ({"a set": {1}}, TypeError)])
def test_failed_save_keeps_the_older_file(about: dict, cause: Any, good: Path, monkeypatch) -> None:
    before = read_folder(good.parent)
    with monkeypatch.context() as context, pytest.raises(cause):
        context.setattr(os, "fsync", Mock(side_effect=OSError))  # the disk is full
        save_checkpoint(small_model(seed=1), good, about)
    assert read_folder(good.parent) == before
    save_checkpoint(small_model(seed=1), good, {"new": True})
    assert load_checkpoint(good)[1] == {"new": True}


# What the package ships.


@pytest.mark.parametrize("name", ["nonsense", "", "../weights/dense_2d", "dense_2d.safetensors"])
def test_unknown_shipped_model_is_answered_with_those_there_are(name: str) -> None:
    with pytest.raises(CheckpointError) as caught:
        load_shipped(name)
    names = ", ".join(sorted([*SHIPPED, "recording", "digit_classifier"]))
    check_message(caught.value, repr(name), f"There are: {names}.")


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_autoencoder_is_as_good_as_it_says(name: str, mnist_or_digits: DataSet) -> None:
    model, about = load_shipped(name)
    sizes = dict.fromkeys(OTHERS, 2) | dict.fromkeys(MACHINES, 500)
    assert name.endswith(f"_{model.latent_dim}d") or model.latent_dim == sizes[name]
    assert about["test_error"] < 0.0345 or name in ("sweep_1d", *OTHERS)
    if mnist_or_digits.name == "mnist":
        error = evaluate(model, mnist_or_digits.test_images)  # as stored, in half precision
        assert error == pytest.approx(about["test_error"], abs=1e-4)


def test_recorded_training_was_at_each_moment_as_good_as_it_says(mnist_or_digits: DataSet) -> None:
    recording, about = load_shipped("recording")
    errors = about["test_errors"]
    assert [*recording.moments][-1] == about["settings"]["steps"]
    assert errors == sorted(errors, reverse=True) and errors[-1] == about["test_error"]
    if mnist_or_digits.name == "mnist":
        found = [evaluate(model, mnist_or_digits.test_images) for model in recording.models]
        assert found == pytest.approx(errors, abs=1e-4)
