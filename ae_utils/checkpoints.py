"""A model on disk: one safetensors file, with a description in the file's own metadata.

Nothing is unpickled, and no function called but a builder: a file from elsewhere can do no harm.
"""

import hashlib
import json
import os
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import shorten
from typing import Any

import torch
from safetensors.torch import load, save

FORMAT = 2
BLANK = b"0" * 64  # in the checksum's place while it is taken, of all other bytes of the file
CURE = "Save the model again, as a builder of ae_utils makes it, or fetch the file again."


class CheckpointError(RuntimeError):
    """A checkpoint is missing, damaged, or not one of this series."""


def save_checkpoint(
    model: torch.nn.Module, path: str | Path, about: dict[str, Any], *, half: bool = False
) -> Path:
    """Write a model and its description, or leave an older file as it was; returns the path.

    Args:
        model: a model made by one of the builders.
        path: where to, with or without the ending '.safetensors'.
        about: anything JSON can hold: data, training settings, figures.
        half: store 16-bit numbers, half the size; the error rises by less than 1e-4.

    Raises:
        CheckpointError: if the model is not as a builder makes it, or a weight not finite.
        OSError: if the disk is full or not writable.
    """
    path = _with_ending(path)
    dtype = torch.float16 if half else torch.float32
    weights = {k: w.to("cpu", dtype).contiguous() for k, w in model.state_dict().items()}
    recipe = getattr(model, "recipe", None)
    description = {"format": FORMAT, "sha256": BLANK.decode(), "recipe": recipe, "about": about}
    data = save(weights, {"description": json.dumps(description)})
    data = data.replace(BLANK, hashlib.sha256(data).hexdigest().encode(), 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=path.parent) as folder:
        new = Path(folder) / path.name
        new.write_bytes(data)
        with new.open("rb+") as file:
            os.fsync(file.fileno())
        data = new.read_bytes()
        try:  # what cannot be loaded replaces nothing
            if str(_unpack(data)[0]) != str(model):
                raise ValueError("its layers are not those of its recipe")
        except Exception as error:
            cause, cure = shorten(str(error), 300), "Save one as a builder of ae_utils makes it."
            raise CheckpointError(f"{path.name}: model not saved ({cause}).\n{cure}") from error
        new.replace(path)
    return path


def load_checkpoint(path: str | Path) -> tuple[Any, dict[str, Any]]:
    """Rebuild a saved model, in evaluation mode and on the CPU; returns it with its `about`.

    Args:
        path: with or without the ending '.safetensors'.

    Raises:
        CheckpointError: if the file is missing, damaged, or does not hold what it says.
    """
    path = _with_ending(path)
    try:
        return _unpack(path.read_bytes())
    except OSError as error:
        raise CheckpointError(f"cannot read {path} ({error.strerror}). Check the path.") from error
    except Exception as error:  # a file from elsewhere may hold anything
        cause = shorten(f"{path.stat().st_size:,} bytes, {type(error).__name__}: {error}", 300)
        raise CheckpointError(f"{path.name} cannot be used ({cause}).\n{CURE}") from error


def load_shipped(name: str) -> tuple[Any, dict[str, Any]]:
    """A model trained by `make weights`, and its `about`: data, settings, test error.

    Args:
        name: 'dense_2d' or 'dense_3d', autoencoders for maps; 'sweep_1d' to 'sweep_64d', one small
            autoencoder for each code size; 'recording', a tiny one at moments of its training;
            'post' or 'post_60000', the convolutional one of a post that many know, trained on 1,000
            images as there, or on all; 'variational_2d', 'variational_20d' or 'variational_40d';
            'twin_20d', the plain one of the same network; 'beta_0' to 'beta_30', the network of the
            sweep made variational, for each weight of the rate; 'boltzmann' and 'boltzmann_cd1',
            Boltzmann machines, the latter trained by chains of one step; 'digit_classifier', that
            of `ae_utils.classifier`.

    Raises:
        CheckpointError: if there is no such model.
    """
    folder = Path(__file__).with_name("weights")
    names = sorted(file.stem for file in folder.glob("*.safetensors"))
    if name not in names:
        raise CheckpointError(f"no shipped model is {name!r}. There are: {', '.join(names)}.")
    return load_checkpoint(folder / name)


def _with_ending(path: str | Path) -> Path:
    return Path(str(path).removesuffix(".safetensors") + ".safetensors")


def _unpack(data: bytes) -> tuple[torch.nn.Module, dict[str, Any]]:
    """The model in a file's content, and its `about`."""
    weights = load(data)
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    description = json.loads(header["__metadata__"]["description"])
    if description["format"] != FORMAT:
        raise ValueError(f"its format is {description['format']!r}, this version reads {FORMAT}")
    checksum = description["sha256"]
    if hashlib.sha256(data.replace(checksum.encode(), BLANK, 1)).hexdigest() != checksum:
        raise ValueError("it is damaged: the checksums differ")
    for name, w in weights.items():
        if w.dtype not in (torch.float16, torch.float32):
            raise ValueError(f"{name} is {w.dtype}, not float16 or float32")
        if not w.isfinite().all():
            raise ValueError(f"{name} is not finite: train with a lower learning rate")
    model = _build(description["recipe"])
    model.load_state_dict(weights)
    return model.eval(), description["about"]


def _build(recipe: dict[str, Any]) -> torch.nn.Module:
    """Call the builder that a recipe names, if it is marked as one."""
    try:
        arguments = dict(recipe)
        module, name = arguments.pop("builder").split(".")
        build = getattr(import_module(f"ae_utils.{module}"), name)
        if getattr(build, "is_builder", False) is not True:
            raise ValueError(f"{name} is not marked as a builder")
        return build(**arguments)
    except Exception as error:
        raise ValueError(f"its recipe {recipe!r} builds no model: {error!r}") from error
