"""What README, the pages of docs/ and the files for contributors say of the project is so."""

import re
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml

from ae_utils.exercises import EXERCISES
from tools.notebooks import outputs

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "figures" / "README.md"])


def read(name: str) -> str:
    """The text of a file of the project."""
    return (ROOT / name).read_text(encoding="utf-8")


def headings(text: str) -> set[str]:
    """The names that links can give to the headings of a page."""
    found = re.findall(r"^#+ (.+)", text, re.MULTILINE)
    return {re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-")) for heading in found}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files_and_headings(path):
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", path.read_text(encoding="utf-8")):
        name, _, heading = link.partition("#")
        target = path.parent / name if name else path
        assert target.exists(), link
        assert not heading or heading in headings(target.read_text(encoding="utf-8")), link


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_files_and_commands_exist_that_are_named(path):
    text = path.read_text(encoding="utf-8")
    for command in re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE):
        assert re.search(rf"^{command}:", read("Makefile"), re.MULTILINE), command
    for module in re.findall(r"-m (tools\.[\w.]+)", text):
        path_of_module = ROOT / module.replace(".", "/")
        assert path_of_module.is_dir() or path_of_module.with_suffix(".py").exists(), module
    for name in re.findall(r"`((?:tests|tools|docs|notebooks|\.devcontainer)/[\w./-]*)`", text):
        assert (ROOT / name).exists() or "NN_name" in name, name


def test_every_module_and_every_command_of_tools_has_its_row():
    text = read("docs/package.md")
    modules = set(re.findall(r"`(\w+\.py)`", text.partition("## Commands")[0]))
    assert modules == {p.name for p in (ROOT / "ae_utils").glob("*.py")} - {"__init__.py"}
    for place in re.findall(r"\| `((?:make|measure|publish)/[\w./]+)` \|", text):
        assert (ROOT / "tools" / place).exists(), place
    commands = set(re.findall(r"make ([a-z-]+)", text))
    modules_run = re.findall(r"^([a-z-]+):.*\n\t@.* -m tools", read("Makefile"), re.MULTILINE)
    assert set(modules_run) <= commands


def test_windows_has_a_command_for_each_offer_to_readers():
    row = r"\| `make (\w+)` \| `\.venv\\Scripts\\python -m ([\w. ]+)` \|"
    rows = dict(re.findall(row, read("docs/install.md")))
    assert rows.pop("lab") == "jupyter lab"
    assert set(rows) == {"run", "playground", "slides", "pdf"}
    for name, module in rows.items():
        assert re.search(rf"^{name}:.*\n\t@.* -m {module}$", read("Makefile"), re.MULTILINE)


def test_readme_is_short_lists_every_chapter_and_leads_to_every_page():
    text = read("README.md")
    assert len(text.splitlines()) <= 120
    wanted = [*ROOT.glob("notebooks/**/*.ipynb"), *ROOT.glob("docs/*.md"), ROOT / "CONTRIBUTING.md"]
    for path in wanted:
        assert f"]({path.relative_to(ROOT).as_posix()})" in text


def test_readme_promises_the_minutes_that_the_notebooks_do():
    rows = re.findall(
        r"^\| \d+ \| \[.*?\]\((.+?)\) .*\| \d+ \| (\d+) \| (\d+) \|$", read("README.md"), re.M
    )
    assert len(rows) == len([*ROOT.glob("notebooks/*.ipynb")])
    for path, to_read, to_do in rows:
        assert f"{to_read} minutes to read, and {to_do} minutes for the exercises" in read(path)


def notebook_text(path: Path) -> str:
    """All that a notebook says and prints."""
    notebook = nbformat.read(path, as_version=4)
    printed = [each.get("text", "") for each in outputs(notebook)]
    return "\n".join([*(cell.source for cell in notebook.cells), *printed])


def test_teaching_names_sections_and_figures_that_the_notebooks_have():
    text = read("docs/teaching.md")
    rows = re.findall(r"^\| (.+) \| (.+) \| \[\d+\]\((.+)\), \*(.+)\* \|$", text, re.MULTILINE)
    assert len(rows) >= 2 * len([*ROOT.glob("notebooks/*.ipynb")])
    for _, answer, link, section in rows:
        shown = notebook_text(ROOT / "docs" / link)
        assert f"\n## {section}\n" in shown, section
        for number in re.findall(r"\d[\d.,]*\d", answer):
            assert number in shown, (section, number)
    named = set(re.findall(r"\*([A-Z][^*]+)\*", " ".join(text.replace("**", "").split())))
    all_of_it = "\n".join(map(notebook_text, ROOT.glob("notebooks/*.ipynb")))
    assert named
    assert [name for name in named if name.rstrip(".") not in all_of_it] == []


def test_teaching_asks_two_questions_a_notebook_and_marks_every_bug():
    text = read("docs/teaching.md")
    questions = re.search("## Questions.*?(?=^## )", text, re.DOTALL | re.MULTILINE)[0]
    for path in ROOT.glob("notebooks/*.ipynb"):
        assert questions.count(f"(../notebooks/{path.name})") >= 2
    bugs = {name for name, exercise in EXERCISES.items() if exercise.bug}
    assert set(re.findall(r"^\| `(\w+)` \(\d+\)", text, re.MULTILINE)) == bugs


def test_version_authors_and_licence_are_the_same_everywhere():
    project = tomllib.loads(read("pyproject.toml"))["project"]
    citation = yaml.safe_load(read("CITATION.cff"))
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"]
    assert citation["authors"] == project["authors"]
    assert f"(c) 2026 {project['authors'][0]['name']}\n" in read("LICENSE")
    assert citation["title"] == re.match("# (.+)", read("README.md"))[1]
    latest = re.search(r"^## ([\d.]+)", read("CHANGELOG.md"), re.MULTILINE)[1]
    assert latest == project["version"]


def test_issue_form_has_what_github_wants():
    (path,) = (ROOT / ".github" / "ISSUE_TEMPLATE").iterdir()
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert form["name"] and form["description"]
    identities = [part["id"] for part in form["body"]]
    assert len(set(identities)) == len(identities)
    assert {part["type"] for part in form["body"]} <= {"input", "textarea"}
    assert all(part["attributes"]["label"] for part in form["body"])
