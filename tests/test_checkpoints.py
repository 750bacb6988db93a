"""Checkpoints: what is saved comes back, and nothing else is let in."""

import errno
import hashlib
import json
import os
import pickle
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save
from torch import Tensor, nn

from ae_utils import checkpoints
from ae_utils.checkpoints import (
    CheckpointError,
    load_checkpoint,
    load_shipped,
    save_checkpoint,
)
from ae_utils.data import Digits, to_float
from ae_utils.models import BUILDERS, Autoencoder, dense_autoencoder, linear_autoencoder
from ae_utils.training import Settings, evaluate, fit

pytestmark = pytest.mark.usefixtures("one_thread")

ABOUT = {"data": "Übungsziffern 数字", "error": 0.041, "steps": [1, 2], "nested": {"none": None}}

each_builder = pytest.mark.parametrize("build", BUILDERS.values(), ids=BUILDERS)
in_one_folder = settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

Build = Callable[..., Autoencoder]


def small_model(seed: int = 0) -> Autoencoder:
    """A model whose checkpoint is small."""
    return dense_autoencoder(2, widths=(6, 4), seed=seed)


def random_images(n: int = 5) -> Tensor:
    """Images of noise, float32 (n, 1, 28, 28)."""
    return torch.rand(n, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def list_files(folder: Path) -> list[str]:
    """The names of all files below a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def check_refused(path: Path, *parts: str) -> None:
    """Hold a refusal to its type, to three lines and to what it must name."""
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path)
    message = str(caught.value)
    assert 1 <= len(message.splitlines()) <= 3
    for part in parts:
        assert part in message, f"{part!r} is missing in: {message}"


def describe(path: Path, **changes: Any) -> None:
    """Change what a checkpoint's description says."""
    file = path.with_suffix(".json")
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def forge(path: Path, data: bytes) -> None:
    """Put other weights in, with the checksum that goes with them."""
    path.write_bytes(data)
    describe(path, sha256=hashlib.sha256(data).hexdigest())


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    """A good checkpoint: the path of its weights."""
    return save_checkpoint(small_model(), tmp_path / "model", ABOUT)


@pytest.fixture
def weights() -> dict[str, Tensor]:
    """The tensors of the good checkpoint."""
    return dict(small_model().state_dict())


# What is saved comes back.


@each_builder
def test_round_trip_is_exact(build: Build, tmp_path: Path) -> None:
    model = build(3, seed=1)
    path = save_checkpoint(model, tmp_path / "model", ABOUT)
    loaded, about = load_checkpoint(path)
    x = random_images()
    with torch.no_grad():
        assert torch.equal(loaded(x), model(x)) and torch.equal(loaded.encode(x), model.encode(x))
    assert about == ABOUT
    assert loaded.recipe == model.recipe and loaded.latent_dim == 3
    assert not loaded.training and not any(module.training for module in loaded.modules())
    assert list_files(tmp_path) == ["model.json", "model.safetensors"]


@each_builder
def test_half_precision_is_half_the_size_and_nearly_the_same(
    build: Build, tmp_path: Path, mnist_or_digits: Digits
) -> None:
    images = mnist_or_digits.train_images[:60]
    model = build(2)
    fit(model, images, Settings(10, batch_size=20, lr=2e-3))
    whole = save_checkpoint(model, tmp_path / "whole", {})
    half = save_checkpoint(model, tmp_path / "half", {}, half=True)
    assert half.stat().st_size < 0.6 * whole.stat().st_size
    loaded, _ = load_checkpoint(half)
    assert all(w.dtype == torch.float32 for w in loaded.state_dict().values())
    assert abs(evaluate(loaded, images) - evaluate(model, images)) < 1e-4
    assert not torch.equal(loaded.encode(random_images()), model.encode(random_images()))


def test_saving_leaves_the_model_alone(tmp_path: Path) -> None:
    model, before = small_model(), small_model().state_dict()
    save_checkpoint(model, tmp_path / "model", ABOUT, half=True)
    assert model.training
    for name, w in model.state_dict().items():
        assert w.dtype == torch.float32 and torch.equal(w, before[name])


def test_loaded_model_can_be_trained_on(pair: Path) -> None:
    model, _ = load_checkpoint(pair)
    run = fit(model, (random_images(20) * 255).byte(), Settings(20, batch_size=10))
    assert run.history.train_error[-1] < run.history.train_error[0]


@pytest.mark.parametrize(
    "name", ["model", "2.5 epochs", "v1.2", "größe 数据", "model.json", "a.b.c"]
)
@pytest.mark.parametrize("ending", ["", ".safetensors"])
@pytest.mark.parametrize("kind", [str, Path])
def test_name_is_kept_with_or_without_the_ending(
    name: str, ending: str, kind: type, tmp_path: Path
) -> None:
    path = kind(tmp_path / "new folder" / (name + ending))
    saved = save_checkpoint(small_model(), path, ABOUT)
    assert saved == tmp_path / "new folder" / f"{name}.safetensors"
    assert load_checkpoint(path)[1] == ABOUT
    assert list_files(saved.parent) == [f"{name}.json", f"{name}.safetensors"]


def test_versions_in_names_do_not_overwrite_one_another(tmp_path: Path) -> None:
    for seed in (1, 2):
        save_checkpoint(small_model(seed), tmp_path / f"model.{seed}", {"seed": seed})
    for seed in (1, 2):
        model, about = load_checkpoint(tmp_path / f"model.{seed}")
        assert about == {"seed": seed}
        assert torch.equal(model.encode(random_images()), small_model(seed).encode(random_images()))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_model_saved_from_cuda_loads_on_the_cpu(tmp_path: Path) -> None:
    path = save_checkpoint(small_model().cuda(), tmp_path / "model", {})
    assert path.read_bytes() == save_checkpoint(small_model(), tmp_path / "cpu", {}).read_bytes()
    check_on_cpu(path)


def test_loading_gives_tensors_on_the_cpu(pair: Path) -> None:
    assert b"cuda" not in pair.read_bytes()  # the file names no device
    check_on_cpu(pair)


def check_on_cpu(path: Path) -> None:
    """Load, and see where the weights are."""
    model, _ = load_checkpoint(path)
    assert {w.device.type for w in model.state_dict().values()} == {"cpu"}


# What is refused: files.


class Payload:
    """An object whose unpickling would write a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


BAD_FILES: dict[str, Callable[[bytes, Path], bytes]] = {
    "pickle payload": lambda data, trap: pickle.dumps(Payload(trap)),
    "truncated": lambda data, trap: data[:-1],
    "header only": lambda data, trap: data[:8],
    "empty": lambda data, trap: b"",
    "HTML": lambda data, trap: b"<!DOCTYPE html><html><body>Log in, please</body></html>",
    "one byte longer": lambda data, trap: data + b"\0",
    "all zero": lambda data, trap: bytes(len(data)),
    "huge header": lambda data, trap: b"\xff" * 8 + data[8:],
    "header of a list": lambda data, trap: (2).to_bytes(8, "little") + b"[]",
}


@pytest.mark.parametrize("spoil", BAD_FILES.values(), ids=BAD_FILES)
def test_damaged_weights_are_refused(spoil: Callable, pair: Path, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    data = spoil(pair.read_bytes(), trap)
    pair.write_bytes(data)
    check_refused(pair, pair.name, f"{len(data):,} bytes", "checksums differ", "Fetch both")
    assert not trap.exists()


@pytest.mark.parametrize("spoil", BAD_FILES.values(), ids=BAD_FILES)
def test_no_safetensors_are_refused_although_the_checksum_is_right(
    spoil: Callable, pair: Path, tmp_path: Path
) -> None:
    trap = tmp_path / "trap"
    data = spoil(pair.read_bytes(), trap)
    forge(pair, data)
    check_refused(pair, pair.name, f"{len(data):,} bytes", "no safetensors file", "again")
    assert not trap.exists()


@in_one_folder
@given(data=st.data())
def test_one_flipped_bit_in_the_weights_is_refused(data: st.DataObject, pair: Path) -> None:
    good = pair.read_bytes()
    position = data.draw(st.integers(0, len(good) - 1))
    spoilt = bytearray(good)
    spoilt[position] ^= 1 << data.draw(st.integers(0, 7))
    pair.write_bytes(spoilt)
    try:
        check_refused(pair, "checksums differ")
    finally:
        pair.write_bytes(good)


@in_one_folder
@given(data=st.data())
def test_one_flipped_bit_under_a_right_checksum_is_harmless(
    data: st.DataObject, pair: Path
) -> None:
    """A forged checksum lets other numbers in, but no other tensors and no other exception."""
    good, description = pair.read_bytes(), pair.with_suffix(".json").read_bytes()
    spoilt = bytearray(good)
    header = 8 + int.from_bytes(good[:8], "little")
    spoilt[data.draw(st.integers(0, header - 1))] ^= 1 << data.draw(st.integers(0, 7))
    forge(pair, bytes(spoilt))
    try:
        model, _ = load_checkpoint(pair)
    except CheckpointError as error:
        assert len(str(error).splitlines()) <= 3
    else:
        assert all(w.isfinite().all() for w in model.state_dict().values())
    finally:
        pair.write_bytes(good)
        pair.with_suffix(".json").write_bytes(description)


@in_one_folder
@given(data=st.data())
def test_one_flipped_bit_in_the_description_builds_no_other_model(
    data: st.DataObject, pair: Path
) -> None:
    file = pair.with_suffix(".json")
    good = file.read_bytes()
    spoilt = bytearray(good)
    spoilt[data.draw(st.integers(0, len(good) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    file.write_bytes(spoilt)
    try:
        model, _ = load_checkpoint(pair)
    except CheckpointError as error:
        assert len(str(error).splitlines()) <= 3
    else:
        x = random_images()
        assert torch.equal(model(x), small_model()(x))
    finally:
        file.write_bytes(good)


@pytest.mark.parametrize("ending", [".safetensors", ".json"])
def test_missing_file_is_named(ending: str, pair: Path) -> None:
    pair.with_suffix(ending).unlink()
    check_refused(pair, f"model{ending}", "No such file", "Check the path")


@pytest.mark.parametrize("ending", [".safetensors", ".json"])
def test_folder_in_place_of_a_file_is_named(ending: str, pair: Path) -> None:
    pair.with_suffix(ending).unlink()
    pair.with_suffix(ending).mkdir()
    check_refused(pair, f"model{ending}", "cannot read")


def test_weights_of_another_checkpoint_are_refused(pair: Path, tmp_path: Path) -> None:
    other = save_checkpoint(small_model(seed=1), tmp_path / "other", {})
    pair.write_bytes(other.read_bytes())
    check_refused(pair, "checksums differ")


# What is refused: tensors.


def test_values_that_are_not_finite_are_refused(pair: Path, weights: dict[str, Tensor]) -> None:
    for value in (float("nan"), float("inf"), float("-inf")):
        name = list(weights)[2]
        spoilt = {**weights, name: weights[name].clone()}
        spoilt[name].view(-1)[3] = value
        forge(pair, save(spoilt))
        check_refused(pair, pair.name, name, "not finite")


@pytest.mark.parametrize(
    "dtype", [torch.int8, torch.float64, torch.int64, torch.bool, torch.bfloat16]
)
def test_tensors_of_another_type_are_refused(
    dtype: torch.dtype, pair: Path, weights: dict[str, Tensor]
) -> None:
    name = next(iter(weights))
    forge(pair, save({**weights, name: weights[name].to(dtype)}))
    check_refused(pair, pair.name, name, str(dtype), "float16 or float32", "again")


def test_tensors_of_another_shape_are_refused(pair: Path, weights: dict[str, Tensor]) -> None:
    for name, w in weights.items():
        for other in (w[:-1], w.unsqueeze(0), w.flatten()[:0], torch.zeros(())):
            forge(pair, save({**weights, name: other.contiguous()}))
            check_refused(pair, pair.name, name, str(tuple(w.shape)), str(tuple(other.shape)))


def test_missing_and_extra_tensors_are_refused(pair: Path, weights: dict[str, Tensor]) -> None:
    for name in weights:
        forge(pair, save({key: w for key, w in weights.items() if key != name}))
        check_refused(pair, pair.name, name, "is absent", "again")
    forge(pair, save({**weights, "zz": torch.zeros(1)}))
    check_refused(pair, pair.name, "zz should be absent", "again")
    forge(pair, save({}))
    check_refused(pair, pair.name, "is absent")


def test_whole_and_half_numbers_may_be_mixed(pair: Path, weights: dict[str, Tensor]) -> None:
    name = next(iter(weights))
    forge(pair, save({**weights, name: weights[name].half()}))
    model, _ = load_checkpoint(pair)
    assert torch.equal(model.state_dict()[name], weights[name].half().float())


# What is refused: descriptions.


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"<html></html>", b"\xff\xfe\xfa", b"[" * 100_000, b"nul", b'{"a": 1}{'],
    ids=lambda text: repr(text[:10]),
)
def test_description_that_is_not_json_is_refused(text: bytes, pair: Path) -> None:
    pair.with_suffix(".json").write_bytes(text)
    check_refused(pair, "model.json", f"{len(text):,} bytes", "not JSON", "again")


@pytest.mark.parametrize("missing", ["format", "sha256", "recipe", "about"])
def test_description_without_a_key_is_refused(missing: str, pair: Path) -> None:
    file = pair.with_suffix(".json")
    description = json.loads(file.read_text())
    del description[missing]
    file.write_text(json.dumps(description))
    check_refused(pair, "model.json", missing, "again")


@pytest.mark.parametrize("content", [[], {}, None, 3, "text", ["format", "sha256"]])
def test_description_of_another_form_is_refused(content: Any, pair: Path) -> None:
    pair.with_suffix(".json").write_text(json.dumps(content))
    check_refused(pair, "model.json", "about, format, recipe, sha256", "again")


@pytest.mark.parametrize("version", [0, 2, "1", None, [1]])
def test_another_format_is_refused(version: Any, pair: Path) -> None:
    describe(pair, format=version)
    check_refused(pair, "model.json", f"format is {version!r}", "reads 1", "again")


@pytest.mark.parametrize("checksum", ["", 0, None, ["a"], "0" * 64])
def test_another_checksum_is_refused(checksum: Any, pair: Path) -> None:
    describe(pair, sha256=checksum)
    check_refused(pair, pair.name, "checksums differ")


BAD_RECIPES = [
    None,
    "dense",
    [],
    {},
    {"latent_dim": 2},
    {"kind": "variational", "latent_dim": 2},
    {"kind": None, "latent_dim": 2},
    {"kind": ["dense"], "latent_dim": 2},
    {"kind": "dense", "latent_dim": 0},
    {"kind": "dense", "latent_dim": -1},
    {"kind": "dense", "latent_dim": 2.0},
    {"kind": "dense", "latent_dim": "2"},
    {"kind": "dense", "latent_dim": True},
    {"kind": "dense", "latent_dim": 10**30},
    {"kind": "dense", "latent_dim": 2, "depth": 3},
    {"kind": "dense", "latent_dim": 2, "widths": 6},
    {"kind": "dense", "latent_dim": 2, "widths": [0]},
    {"kind": "dense", "latent_dim": 2, "widths": [-6, 4]},
    {"kind": "dense", "latent_dim": 2, "widths": ["a\nb\nc\nd"]},
    {"kind": "dense", "latent_dim": 2, "widths": [10**30]},
    {"kind": "dense", "latent_dim": 2, "widths": [10**14]},  # would take 300 TB
    {"kind": "dense", "latent_dim": 2, "seed": "a"},
    {"kind": "linear", "latent_dim": 2, "mean_image": [[0.0]]},
    {"kind": "linear", "latent_dim": 2, "mean_image": "white"},
]


@pytest.mark.parametrize("recipe", BAD_RECIPES, ids=str)
def test_recipe_that_builds_no_model_is_refused(recipe: Any, pair: Path) -> None:
    describe(pair, recipe=recipe)
    check_refused(pair, "model.json", "its recipe", "again")


@pytest.mark.parametrize(
    "recipe",
    [
        {"kind": "linear", "latent_dim": 2},
        {"kind": "convolutional", "latent_dim": 2},
        {"kind": "dense", "latent_dim": 3, "widths": [6, 4]},
        {"kind": "dense", "latent_dim": 2, "widths": [6]},
        {"kind": "dense", "latent_dim": 2},
    ],
    ids=str,
)
def test_recipe_of_another_model_is_refused(recipe: dict[str, Any], pair: Path) -> None:
    describe(pair, recipe=recipe)
    check_refused(pair, pair.name, "not those of its recipe")


# What is not saved.


def check_not_saved(model: Autoencoder, path: Path, *parts: str, half: bool = False) -> None:
    """Hold a refusal to save to its type and its message, and see that nothing was written."""
    before = list_files(path.parent)
    with pytest.raises(CheckpointError) as caught:
        save_checkpoint(model, path, {}, half=half)
    assert len(str(caught.value).splitlines()) <= 3
    assert all(part in str(caught.value) for part in parts), caught.value
    assert list_files(path.parent) == before


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_not_saved(value: float, tmp_path: Path) -> None:
    model = small_model()
    model.decoder[0].bias.data[1] = value
    check_not_saved(model, tmp_path / "bad", "bad.safetensors", "decoder.0.bias", "not finite")


def test_weights_too_large_for_half_precision_are_not_saved_in_it(tmp_path: Path) -> None:
    model = linear_autoencoder(2)
    model.decoder[0].weight.data[3, 1] = 70_000  # the largest 16-bit number is 65,504
    check_not_saved(model, tmp_path / "bad", "decoder.0.weight", "not finite", half=True)
    loaded, _ = load_checkpoint(save_checkpoint(model, tmp_path / "good", {}))
    assert loaded.decoder[0].weight[3, 1] == 70_000


def test_model_without_a_recipe_is_not_saved(tmp_path: Path) -> None:
    parts = small_model()
    model = Autoencoder(parts.encoder, parts.decoder, 2)
    check_not_saved(model, tmp_path / "own", "own.safetensors", "recipe", "builder")


# A full disk.


def fail(*args: object, **kwargs: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def fill_disk(monkeypatch: pytest.MonkeyPatch, moment: str, file_number: int) -> None:
    """Let the disk be full when a file (the first or the second) is opened, written or synced."""
    owner, name = {
        "open": (tempfile, "NamedTemporaryFile"),
        "write": (tempfile, "NamedTemporaryFile"),
        "sync": (os, "fsync"),
    }[moment]
    works, calls = getattr(owner, name), 0

    def call(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls < file_number:
            return works(*args, **kwargs)
        if moment != "write":
            return fail()
        file = works(*args, **kwargs)
        file.write = fail
        return file

    monkeypatch.setattr(owner, name, call)


@pytest.mark.parametrize("moment", ["open", "write", "sync"])
@pytest.mark.parametrize("file_number", [1, 2])
def test_full_disk_leaves_the_older_pair(
    moment: str, file_number: int, pair: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {name: (tmp_path / name).read_bytes() for name in list_files(tmp_path)}
    with monkeypatch.context() as context:
        fill_disk(context, moment, file_number)
        with pytest.raises(OSError, match="No space left"):
            save_checkpoint(small_model(seed=1), pair, {"new": True})
    assert {name: (tmp_path / name).read_bytes() for name in list_files(tmp_path)} == before
    model, about = load_checkpoint(pair)
    assert about == ABOUT
    assert torch.equal(model(random_images()), small_model()(random_images()))
    save_checkpoint(small_model(seed=1), pair, {"new": True})
    assert load_checkpoint(pair)[1] == {"new": True}
    assert list_files(tmp_path) == sorted(before)


def test_files_are_on_the_disk_before_they_replace_others(
    pair: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[str] = []
    sync, replace = os.fsync, Path.replace

    def note_sync(number: int) -> None:
        events.append("sync")
        sync(number)

    def note_replace(path: Path, target: Path) -> Path:
        events.append("replace")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(Path, "replace", note_replace)
    save_checkpoint(small_model(seed=1), pair, {})
    assert events == ["sync", "sync", "replace", "replace"]


def test_about_that_json_cannot_hold_leaves_the_older_pair(pair: Path, tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        save_checkpoint(small_model(seed=1), pair, {"weights": torch.zeros(1)})
    assert load_checkpoint(pair)[1] == ABOUT
    assert list_files(tmp_path) == ["model.json", "model.safetensors"]


# What the package ships.


def list_shipped() -> list[str]:
    """The models in the package's folder of weights."""
    folder = Path(checkpoints.__file__).with_name("weights")
    return sorted(file.stem for file in folder.glob("*.safetensors"))


def test_unknown_shipped_model_is_answered_with_those_there_are() -> None:
    for name in ("nonsense", "", "../weights/dense_2d", "dense_2d.safetensors"):
        with pytest.raises(CheckpointError) as caught:
            load_shipped(name)
        message = str(caught.value)
        assert len(message.splitlines()) <= 3 and repr(name) in message
        assert f"There are: {', '.join(list_shipped()) or 'none'}." in message


def test_every_shipped_model_loads_and_is_as_good_as_it_says(mnist: Digits) -> None:
    names = [name for name in list_shipped() if name != "judge"]  # which tests/test_judge.py tests
    assert len(names) >= 9
    for name in names:
        model, about = load_shipped(name)
        error = evaluate(model, mnist.test_images)  # as stored, in half precision
        assert error == pytest.approx(about["test_error"], abs=1e-4), name


def test_shipped_dense_model_makes_images() -> None:
    model, about = load_shipped("dense_2d")
    assert model.latent_dim == 2 and about["test_error"] < 0.0345
    x = to_float((random_images() * 255).byte())
    assert model.encode(x).shape == (5, 2)
    assert model.decode([[0.0, 0.0]]).shape == (1, 1, 28, 28)


def test_a_model_changed_after_it_was_built_is_not_saved(tmp_path: Path) -> None:
    model = dense_autoencoder(2, widths=(8,))
    model.encoder[3] = nn.Identity()  # has no weights: loading could not tell
    with pytest.raises(CheckpointError, match="no longer those that its builder made"):
        save_checkpoint(model, tmp_path / "changed", {})
    assert list(tmp_path.iterdir()) == []
