"""Starter notebooks: what stands in them, and that nbgrader and otter grade what is handed in."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from ae_utils.exercises import EXERCISES
from tools.commands import ROOT
from tools.publish.starter import Task, find_tasks, needed_code, write_starters

CHAPTERS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
NAME = "08_the_post_reproduced"  # the one that is handed in here
N_TASKS = 5
SUBMISSIONS = {"solved": 1.0, "blank": 0.0}  # and the share of the points that each gets


@pytest.fixture(scope="module")
def starters(tmp_path_factory) -> Path:
    """The folder of all starters."""
    folder = tmp_path_factory.mktemp("starters")
    write_starters(CHAPTERS, folder)
    return folder


def read_starter(starters: Path, place: str, name: str) -> NotebookNode:
    """One starter, valid as a notebook."""
    notebook = nbformat.read(starters / place / name / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    return notebook


def code_of(notebook: NotebookNode) -> list[str]:
    """The sources of its code cells."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def test_tasks_are_found_with_their_text_and_without_links_to_files() -> None:
    text = "There is more.\n\n**Your turn.** See [notebook 1](01_compression.ipynb), and [this](https://a.org)."
    code = 'def mse(x_hat, x):\n    """The error."""\n    ...\n\n\ncheck(mse)'
    cells = [
        new_markdown_cell(text),
        new_code_cell(code, metadata={"tags": ["exercise"]}),
        new_code_cell("mse(1, 2)"),
    ]
    shown = "**Your turn.** See notebook 1, and [this](https://a.org)."
    assert find_tasks(new_notebook(cells=cells)) == [Task("mse", shown, code)]


def test_only_what_the_tasks_need_is_kept() -> None:
    find_package = "import sys"
    imports = "import math\nimport torch\nfrom torch import Tensor, nn\nfrom a.b import c as d, e"
    used, unused = "def used(x):\n    # so\n    return d(x)", "def unused(x):\n    return e(x)"
    cells = [new_code_cell(each) for each in (find_package, imports, used, unused)]
    task = Task("mse", "", "def mse(x):\n    return used(nn.Linear(2, 2))")
    kept = f"import torch\nfrom torch import nn\nfrom a.b import c as d\n\n\n{used}"
    assert needed_code(new_notebook(cells=cells), [task]) == kept


@pytest.mark.parametrize("name", [path.stem for path in CHAPTERS])
def test_starter_runs_without_images_and_is_not_solved(starters, capsys, name) -> None:
    code = code_of(read_starter(starters, "nbgrader/source", name))
    to_run = [source for source in code if not source.startswith("assert check(")]
    exec("\n".join(to_run), {})
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(code) - len(to_run) >= 4
    for line in lines:
        exercise, _, said = line.partition(": ")
        empty = "there is no code in it yet."
        assert said == ("the bug is still in it." if EXERCISES[exercise].bug else empty)


def test_both_forms_ask_for_the_same(starters) -> None:
    for name in (path.stem for path in CHAPTERS):
        graded = code_of(read_starter(starters, "nbgrader/source", name))
        assigned = code_of(read_starter(starters, "otter", name))
        assert [code for code in graded if not code.startswith("assert check(")] == [
            code for code in assigned if not code.startswith("def test_")
        ]
        assert len(graded) == len(assigned)


def hand_in(handed_out: Path, kind: str, path: Path) -> None:
    """What a student hands in: the notebook as it came, or with the solutions in it."""
    notebook = nbformat.read(handed_out, as_version=4)
    file = ROOT / "notebooks" / "solutions" / f"{handed_out.stem}_solutions.ipynb"
    solutions = nbformat.read(file, as_version=4)
    answers = {source.splitlines()[-1]: source for source in code_of(solutions)}
    for cell in notebook.cells if kind == "solved" else []:
        if cell.source.startswith("def "):
            task = Task("", "", answers[cell.source.splitlines()[-1]])
            cell.source = f"{needed_code(solutions, [task])}\n\n\n{task.code}"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)


def run(folder: Path, *command: str) -> None:
    """Run a command of the environment in a folder."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    settings = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env=settings, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_nbgrader_gives_all_points_to_what_is_solved_and_none_to_a_blank(starters) -> None:
    pytest.importorskip("nbgrader")
    from nbgrader.api import Gradebook

    course = starters / "nbgrader"
    run(course, "nbgrader", "generate_assignment", NAME)
    for kind in SUBMISSIONS:
        hand_in(
            course / "release" / NAME / f"{NAME}.ipynb", kind,
            course / "submitted" / kind / NAME / f"{NAME}.ipynb",
        )  # fmt: skip
    run(course, "nbgrader", "autograde", NAME)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        graded = gradebook.assignment_submissions(NAME)
        assert {each.student.id: each.score / each.max_score for each in graded} == SUBMISSIONS


def test_otter_gives_all_points_to_what_is_solved_and_none_to_a_blank(starters) -> None:
    pytest.importorskip("otter")
    folder = starters / "otter" / NAME
    run(folder, "otter", "assign", f"{NAME}.ipynb", "dist")
    (autograder,) = (folder / "dist" / "autograder").glob("*.zip")
    for kind, share in SUBMISSIONS.items():
        submission = folder / kind / f"{NAME}.ipynb"
        hand_in(folder / "dist" / "student" / f"{NAME}.ipynb", kind, submission)
        run(folder / kind, "otter", "run", "-a", str(autograder), f"{NAME}.ipynb")
        results = json.loads((folder / kind / "results.json").read_text(encoding="utf-8"))
        graded = [each for each in results["tests"] if "score" in each]
        assert [each["score"] / each["max_score"] for each in graded] == [share] * N_TASKS
