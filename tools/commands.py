"""What the commands share: the project's folder, names on the command line, files written whole."""

import argparse
import os
from collections.abc import Collection
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"


def choose(known: Collection[str], about: str, arguments: list[str] | None = None) -> list[str]:
    """Read the command line of a command that takes some names out of a list, or means all.

    Args:
        known: the list.
        about: what the command does.
        arguments: the command line, if it is not this process's own.

    Returns:
        The names given, or all of `known`. Of a name that is not among them argparse says so, and
        ends the process.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("names", nargs="*", metavar="NAME", choices=known, help=", ".join(known))
    return parser.parse_args(arguments).names or [*known]


def write_whole(path: Path, text: str) -> None:
    """Write a text file, so that whoever reads it finds the old text or the new, and no part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        half.write_text(text, encoding="utf-8", newline="\n")
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def remove_others(folder: Path, kept: Collection[str]) -> None:
    """Remove the files of an earlier run whose names are not among those kept.

    Hidden files stay: another process may be writing them.
    """
    for path in folder.glob("[!.]*"):
        if path.is_file() and path.name not in kept:
            path.unlink(missing_ok=True)
