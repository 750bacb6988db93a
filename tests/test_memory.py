"""`make memory`, on notebooks that need little and much."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tools import memory


def write_notebook(root: Path, name: str, code: str) -> None:
    """Write a notebook of one cell."""
    folder = root / "notebooks"
    folder.mkdir(exist_ok=True)
    nbformat.write(new_notebook(cells=[new_code_cell(code)]), folder / f"{name}.ipynb")


def test_a_notebook_over_the_budget_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_notebook(tmp_path, "01_small", "1")
    write_notebook(tmp_path, "02_large", "x = b'1' * 400_000_000\ndel x")
    monkeypatch.setattr(memory, "BUDGET", 400e6)
    assert memory.main([], tmp_path) == 1
    output = capsys.readouterr()
    (small, *_), (large, megabytes, *_) = map(str.split, output.out.splitlines())
    assert (small, large) == ("01_small", "02_large")
    assert 400 < int(megabytes) < 800
    assert output.err == "Over the budget of 400 MB: 02_large\n"
    assert memory.main(["01_small"], tmp_path) == 0


def test_a_failing_notebook_fails_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_notebook(tmp_path, "01_broken", "1 / 0")
    assert memory.main([], tmp_path) == 1
    assert "01_broken failed in cell [1]: ZeroDivisionError" in capsys.readouterr().err
