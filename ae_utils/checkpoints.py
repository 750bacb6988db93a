"""Weights on disk: NAME.safetensors beside NAME.json, which says what they are.

Nothing is unpickled, so a file can do no harm; no weights are loaded that are not, byte for byte,
those that were saved.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save

from ae_utils.judge import Judge, make_judge
from ae_utils.models import Autoencoder, dense_autoencoder

Model = Autoencoder | Judge  # what has a recipe
KINDS: dict[str, Callable[..., Model]] = {"dense": dense_autoencoder, "judge": make_judge}
FORMAT = 1
KEYS = {"format", "sha256", "recipe", "about"}
SAVE_AGAIN = "Save the model again with save_checkpoint, or fetch both files again."


class CheckpointError(RuntimeError):
    """A checkpoint is missing, damaged, or not one of this series."""


def save_checkpoint(
    model: Model, path: str | Path, about: dict[str, Any], *, half: bool = False
) -> Path:
    """Write a model's weights and their description, or leave an older pair as it was.

    Args:
        model: a model made by one of the builders.
        path: where to, with or without the ending '.safetensors'.
        about: anything JSON can hold: data, training settings, figures.
        half: store 16-bit numbers, half the size; the error rises by less than 1e-4.

    Returns:
        The path of the weights' file.

    Raises:
        CheckpointError: if the model has no recipe or was changed after it was built, or a weight
            is not finite as it is stored.
        OSError: if the disk is full or not writable; the older pair is then untouched.
    """
    path = _weights_path(path)
    if model.recipe is None:
        raise CheckpointError(
            f"{path.name}: the model has no recipe to rebuild it from.\n"
            "Make it with a builder of ae_utils.models, or with make_judge."
        )
    if str(_build(model.recipe, path)) != str(model):
        raise CheckpointError(
            f"{path.name}: the model's layers are no longer those that its builder made.\n"
            "What is loaded later would be another model. Save one that a builder makes."
        )
    weights = {name: w.detach().cpu().contiguous() for name, w in model.state_dict().items()}
    if half:
        weights = {name: w.half() for name, w in weights.items()}
    _check_finite(weights, path)
    data = save(weights)
    description = {
        "format": FORMAT,
        "sha256": hashlib.sha256(data).hexdigest(),
        "recipe": model.recipe,
        "about": about,
    }
    text = json.dumps(description, indent=2) + "\n"
    _replace_together({path: data, path.with_suffix(".json"): text.encode()})
    return path


def load_checkpoint(path: str | Path) -> tuple[Any, dict[str, Any]]:
    """Rebuild a saved model, on the CPU, whatever device it was saved from.

    Args:
        path: with or without the ending '.safetensors'.

    Returns:
        The model in evaluation mode, an `Autoencoder` or a `Judge` as its description says, and
        the `about` it was saved with.

    Raises:
        CheckpointError: if a file is missing, damaged, or does not hold what its description says.
    """
    path = _weights_path(path)
    description = _read_description(path.with_suffix(".json"))
    data = _read(path)
    if hashlib.sha256(data).hexdigest() != description["sha256"]:
        raise CheckpointError(
            f"{path.name} ({len(data):,} bytes) is not the file that its description was written "
            "for: the checksums differ.\nIt is damaged, or from another version. Fetch both again."
        )
    model = _build(description["recipe"], path)
    _load_weights(model, _parse_weights(data, path), path)
    return model.eval(), description["about"]


def load_shipped(name: str) -> tuple[Any, dict[str, Any]]:
    """A model that comes with the package, trained on MNIST by `make weights`.

    Args:
        name: 'dense_2d' or 'dense_3d', autoencoders for maps; 'sweep_1d' to 'sweep_64d', one small
            autoencoder for each code size; 'judge', the classifier of `ae_utils.judge`.

    Returns:
        The model in evaluation mode, and what is known of it: data, settings, test error.

    Raises:
        CheckpointError: if there is no such model.
    """
    folder = Path(str(resources.files("ae_utils"))) / "weights"
    names = sorted(file.stem for file in folder.glob("*.safetensors"))
    if name not in names:
        there_are = ", ".join(names) or "none"
        raise CheckpointError(f"no shipped model is called {name!r}. There are: {there_are}.")
    return load_checkpoint(folder / name)


def _weights_path(path: str | Path) -> Path:
    """The weights' file: `path` with the ending '.safetensors', other dots in the name kept."""
    path = Path(path)
    if path.suffix == ".safetensors":
        return path
    return path.with_name(path.name + ".safetensors")


def _replace_together(contents: dict[Path, bytes]) -> None:
    """Write all files under other names first, then rename: a full disk harms nothing."""
    written: dict[Path, Path] = {}
    try:
        for path, data in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
                written[path] = Path(file.name)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        for path, temporary in written.items():
            temporary.chmod(0o644)
            temporary.replace(path)
    finally:
        for temporary in written.values():
            temporary.unlink(missing_ok=True)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"cannot read {path} ({error.strerror}). Check the path.") from error


def _read_description(path: Path) -> dict[str, Any]:
    data = _read(path)
    cause = ""
    try:
        description = json.loads(data)
    except (ValueError, RecursionError) as error:
        cause = f"it is not JSON ({error})"
    else:
        if not isinstance(description, dict) or set(description) != KEYS:
            cause = f"it should hold {', '.join(sorted(KEYS))}"
        elif description["format"] != FORMAT:
            cause = f"its format is {description['format']!r}, this version reads {FORMAT}"
    if cause:
        raise CheckpointError(
            f"{path.name} ({len(data):,} bytes) does not describe a checkpoint: {cause}.\n"
            f"{SAVE_AGAIN}"
        )
    return description


def _build(recipe: Any, path: Path) -> Model:
    try:
        arguments = dict(recipe)
        return KINDS[arguments.pop("kind")](**arguments)
    except Exception as error:  # a recipe from elsewhere may hold anything
        cause = " ".join(f"{type(error).__name__}: {error}".split())
        raise CheckpointError(
            f"{path.stem}.json: its recipe {recipe!r} builds no model of this version ({cause}).\n"
            f"{SAVE_AGAIN}"
        ) from error


def _parse_weights(data: bytes, path: Path) -> dict[str, torch.Tensor]:
    try:
        return load(data)
    except Exception as error:  # safetensors has its own type for a bad file, and raises others
        cause = " ".join(f"{type(error).__name__}: {error}".split())
        raise CheckpointError(
            f"{path.name} ({len(data):,} bytes) is no safetensors file ({cause}).\n{SAVE_AGAIN}"
        ) from error


def _load_weights(model: Model, weights: dict[str, torch.Tensor], path: Path) -> None:
    """Copy `weights` into `model`, if names, shapes, types and values are right."""
    wanted = {name: tuple(w.shape) for name, w in model.state_dict().items()}
    found = {name: tuple(w.shape) for name, w in weights.items()}
    if found != wanted:
        name, _ = min(set(wanted.items()) ^ set(found.items()))
        raise CheckpointError(
            f"{path.name}: its tensors are not those of its recipe. {name} should be "
            f"{wanted.get(name, 'absent')}, and is {found.get(name, 'absent')}.\n"
            f"{SAVE_AGAIN}"
        )
    for name, w in weights.items():
        if w.dtype not in (torch.float16, torch.float32):
            raise CheckpointError(
                f"{path.name}: {name} is {w.dtype}, where float16 or float32 is expected.\n"
                f"{SAVE_AGAIN}"
            )
    _check_finite(weights, path)
    model.load_state_dict(weights)


def _check_finite(weights: dict[str, torch.Tensor], path: Path) -> None:
    for name, w in weights.items():
        if not w.isfinite().all():
            raise CheckpointError(
                f"{path.name}: {name} holds values that are not finite.\n"
                "Train again with a lower learning rate; a file that came so, fetch again."
            )
