"""Write starter notebooks: the checked exercises of each chapter alone, to hand out and to grade.

    python -m tools.publish.starter

`build/starters/nbgrader/` is the folder of a course, with an assignment a chapter in `source/`;
`build/starters/otter/` holds notebooks for `otter assign`. Both need `ae_utils` where they run, and
no images. How to go on from there, `docs/teaching.md` says.
"""

import ast
import re
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell

from tools.commands import BUILD, ROOT, write_whole
from tools.notebooks import KERNELSPEC, write_notebook

TEXT = re.compile(r"^\*\*(?:Your turn|Find the bug)\.\*\*.*", re.MULTILINE | re.DOTALL)
INTRODUCTION = "They stand in the notebook where their ideas have just been met: read it beside."
LINK_TO_FILE = re.compile(r"\[([^]]+)\]\((?!https?:)[^)]+\)")
NBGRADER_CONFIG = """\
c = get_config()
c.CourseDirectory.course_id = "autoencoders"
c.ClearSolutions.enabled = False  # the notebooks hold blanks already, and no solutions
"""
OTTER_CONFIG = """\
# ASSIGNMENT CONFIG
name: {name}
run_tests: false  # there are no solutions in it
export_cell:
  pdf: false
tests:
  ok_format: false
"""


class Task(NamedTuple):
    """A checked exercise of a chapter: its function's name, what is asked, the cell to fill."""

    name: str
    text: str
    code: str


def find_tasks(chapter: NotebookNode) -> list[Task]:
    """The checked exercises of a chapter, in their order."""
    tasks, text = [], ""
    for cell in chapter.cells:
        if "exercise" in cell.metadata.get("tags", []):
            (name,) = re.findall(r"^check\((\w+)\)$", cell.source, re.MULTILINE)
            tasks.append(Task(name, text, cell.source))
        elif found := TEXT.search(cell.source):
            text = LINK_TO_FILE.sub(r"\1", found[0])
    return tasks


def needed_code(chapter: NotebookNode, tasks: list[Task]) -> str:
    """The imports and functions of a chapter that its tasks need, and `torch`, for the answers."""
    _, *cells = [cell for cell in chapter.cells if cell.cell_type == "code"]
    given = [cell.source for cell in cells if "exercise" not in cell.metadata.get("tags", [])]
    names = {"torch"}.union(*(names_in(ast.parse(task.code)) for task in tasks))
    kept: list[str] = []
    for source in given[::-1]:
        for node in ast.parse(source).body[::-1]:
            if isinstance(node, ast.FunctionDef) and node.name in names:
                names |= names_in(node)
                kept += [f"\n\n{ast.get_source_segment(source, node)}"]
            elif isinstance(node, ast.Import | ast.ImportFrom):
                node.names = [each for each in node.names if (each.asname or each.name) in names]
                kept += [ast.unparse(node)] if node.names else []
    return "\n".join(kept[::-1])


def names_in(tree: ast.AST) -> set[str]:
    """The names that some code uses."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def beginning(chapter: NotebookNode, tasks: list[Task]) -> list[NotebookNode]:
    """The title, the cell that finds the package, and what the tasks need."""
    title = chapter.cells[0].source.partition("\n")[0].removeprefix("# ")
    find_package = next(cell for cell in chapter.cells if cell.cell_type == "code")
    return [
        new_markdown_cell(f"# Exercises of notebook {title}\n\n{INTRODUCTION}"),
        new_code_cell(find_package.source),
        new_code_cell(needed_code(chapter, tasks)),
    ]


def cells_for_nbgrader(task: Task) -> list[NotebookNode]:
    """The text, the cell to fill, and a locked test for one point."""

    def marked(grade_id: str, code: str, **marks: Any) -> NotebookNode:
        about = {"grade_id": grade_id, "schema_version": 3, "task": False, **marks}
        return new_code_cell(code, metadata={"nbgrader": about})

    return [
        new_markdown_cell(task.text),
        marked(task.name, task.code, grade=False, locked=False, solution=True),
        marked(
            f"test_{task.name}", f"assert check({task.name})",
            grade=True, locked=True, solution=False, points=1,
        ),
    ]  # fmt: skip


def cells_for_otter(task: Task) -> list[NotebookNode]:
    """The same between the raw cells that `otter assign` reads."""
    test = f"def test_{task.name}({task.name}, check):\n    assert check({task.name})"
    question = new_raw_cell(f"# BEGIN QUESTION\nname: {task.name}\npoints: 1")
    fill = between("SOLUTION", new_code_cell(task.code))
    grade = between("TESTS", new_code_cell(test))
    return [question, new_markdown_cell(task.text), *fill, *grade, new_raw_cell("# END QUESTION")]


def between(name: str, cell: NotebookNode) -> list[NotebookNode]:
    """A cell between two of the raw cells that otter reads."""
    return [new_raw_cell(f"# BEGIN {name}"), cell, new_raw_cell(f"# END {name}")]


def write_starters(paths: list[Path], folder: Path) -> None:
    """Write the starters of the chapters that have checked exercises, in both forms."""
    write_whole(folder / "nbgrader" / "nbgrader_config.py", NBGRADER_CONFIG)
    for path in paths:
        chapter, name = nbformat.read(path, as_version=4), path.stem
        if not (tasks := find_tasks(chapter)):
            continue
        begin = beginning(chapter, tasks)
        graded = [*begin, *(cell for task in tasks for cell in cells_for_nbgrader(task))]
        config = new_raw_cell(OTTER_CONFIG.format(name=name))
        assigned = [config, *begin, *(cell for task in tasks for cell in cells_for_otter(task))]
        for place, cells in {"nbgrader/source": graded, "otter": assigned}.items():
            notebook = new_notebook(cells=cells, metadata={"kernelspec": KERNELSPEC})
            write_notebook(notebook, folder / place / name / f"{name}.ipynb")


def main() -> None:
    """Run the command."""
    folder = BUILD / "starters"
    write_starters(sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")), folder)
    print(f"Look into {folder}; docs/teaching.md says how to hand out and to collect")


if __name__ == "__main__":
    main()
