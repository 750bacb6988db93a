"""What the builders of models share."""

from collections.abc import Callable
from typing import Any, TypeVar

Build = TypeVar("Build", bound=Callable[..., Any])


def builder(build: Build) -> Build:
    """Mark a function that builds a model from its arguments, so that a checkpoint may call it."""
    build.is_builder = True  # type: ignore[attr-defined]
    return build
