"""Write the public address of the project into its notebooks, the README and CITATION.cff.

Colab and Kaggle open a notebook alone, without the folder that holds `ae_utils`. So the first cell
fetches the project from its public address at a version tag. The README gets links to the website,
Binder, Colab and Kaggle. Address and tag stand in pyproject.toml, under `[tool.stamp]`; the rest is
made from there:

    python -m tools.publish.stamp                                     write what it says
    python -m tools.publish.stamp https://github.com/owner/name v1    let it say this, then write
    python -m tools.publish.stamp none                                no address, no links
"""

import argparse
import re
import sys
import tomllib
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell

from tools.commands import ROOT, write_whole
from tools.notebooks import select_notebooks

CELL_ID = "find-ae-utils"
CELL_METADATA = {  # folded away in JupyterLab and in the book, left out of the slides
    "jupyter": {"source_hidden": True},
    "slideshow": {"slide_type": "skip"},
    "tags": ["hide-input"],
}

# The cell while no public address is known.
CELL_IN_CLONE = """\
# Finds `ae_utils`, the package of this series, in the project's folder if it is not installed.
import sys
from importlib.util import find_spec

sys.path += ["..", "../.."]
if not find_spec("ae_utils"):
    raise ImportError(
        "`ae_utils` is not here, since this notebook was opened outside of its project: "
        "clone the repository and open the notebook there, in the folder notebooks"
    )"""

# The cell once it is known. With --no-deps, pip adds what Colab or Kaggle may lack and nothing
# else: their torch and ipywidgets stay as they are. git comes last: what is cloned is complete.
CELL_ANYWHERE = """\
# Finds `ae_utils`, the package of this series; where this notebook was opened alone, fetches it.
import sys
from importlib import invalidate_caches, util
from subprocess import getstatusoutput

sys.path += ["..", "../..", "autoencoders-TAG"]
if not util.find_spec("ae_utils"):
    pip = f'"{sys.executable}" -m pip install -qq --no-deps platformdirs safetensors'
    git = "git clone --quiet --depth 1 --branch TAG ADDRESS autoencoders-TAG"
    failed, text = getstatusoutput(f"{pip} && {git}")
    if failed:
        raise ImportError(f"`ae_utils` could not be fetched; is the internet switched on?\\n{text}")
    invalidate_caches()"""


class StampError(ValueError):
    """An address or a tag that cannot be stamped; the text says why."""


def check(address: str, tag: str) -> None:
    """Refuse an address or a tag that the links and the first cell could not use.

    A commit will not do as a tag: its hash is known only once the notebooks that would have to
    name it are committed.

    Raises:
        StampError: one of the two is missing or has another form.
    """
    if not re.fullmatch(r"https://github\.com/[\w-]+/[\w.-]+(?<!\.git)", address):
        raise StampError(f"The address is {address!r}; it must be like https://github.com/me/name.")
    if not re.fullmatch(r"v\d+(\.\d+)*", tag):
        raise StampError(f"The tag is {tag!r}; it must be like v1.0, not a branch, not a commit.")


def read_stamp(root: Path) -> tuple[str, str]:
    """Return the address and the tag that pyproject.toml names, '' and '' if it names none.

    Raises:
        StampError: it names one without the other, or something else than `check` allows.
    """
    table = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["stamp"]
    address, tag = table["address"], table["tag"]
    if address or tag:
        check(address, tag)
    return address, tag


def set_stamp(root: Path, address: str, tag: str) -> None:
    """Let pyproject.toml name another address and tag; '' and '' for none."""
    path = root / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    for name, value in (("address", address), ("tag", tag)):
        text = re.sub(f'^{name} = ".*"$', f'{name} = "{value}"', text, flags=re.MULTILINE)
    write_whole(path, text)


def first_cell(address: str, tag: str) -> str:
    """Return the text of the cell that finds `ae_utils`, or fetches it if there is an address."""
    template = CELL_ANYWHERE if address else CELL_IN_CLONE
    return template.replace("ADDRESS", address).replace("TAG", tag)


def stamp_notebook(text: str, cell: str) -> str:
    """Return a notebook's file with `cell` as its first code cell, and counts that fit."""
    notebook = nbformat.reads(text, as_version=4)
    code = [each for each in notebook.cells if each.cell_type == "code"]
    if code[0].id != CELL_ID:
        first = new_code_cell(id=CELL_ID, metadata=CELL_METADATA)
        notebook.cells.insert(notebook.cells.index(code[0]), first)
        code.insert(0, first)
    code[0].source = cell
    for count, each in enumerate((each for each in code if each.source.strip()), start=1):
        each.execution_count = count
    return nbformat.writes(notebook) + "\n"


def website_links(address: str, chapters: list[str]) -> str:
    """Return the README's links to what GitHub serves of the branch gh-pages.

    Args:
        address: the repository on GitHub.
        chapters: the file names of the notebooks.
    """
    owner, name = address.removeprefix("https://github.com/").split("/")
    site = f"https://{owner.lower()}.github.io/{name}"
    slides = [f"[{int(each[:2])}]({site}/slides/{Path(each).stem}.html)" for each in chapters]
    return (
        f"- [the book]({site}/) and [the playground]({site}/playground.html) on the web\n"
        f"- slides to notebook {', '.join(slides)}\n"
    )


def stamp_citation(text: str, address: str) -> str:
    """Return CITATION.cff with the repository's address, or without if there is none."""
    line = f"repository-code: {address}\n" if address else ""
    return re.sub(r"^(version: .+\n)(repository-code: .+\n)?", rf"\1{line}", text, flags=re.M)


def places_to_open(address: str, tag: str) -> dict[str, str]:
    """Return where the notebooks run: addresses with {} for a path within `notebooks/`."""
    project = address.removeprefix("https://github.com/")
    return {
        "Colab": f"https://colab.research.google.com/github/{project}/blob/{tag}/notebooks/{{}}",
        "Kaggle": f"https://kaggle.com/kernels/welcome?src={address}/blob/{tag}/notebooks/{{}}",
        "Binder": f"https://mybinder.org/v2/gh/{project}/{tag}?urlpath=lab/tree/notebooks/{{}}",
    }


def stamp_readme(text: str, address: str, tag: str, chapters: list[str]) -> str:
    """Return the README with links below its title, or without if there is no address.

    Args:
        text: the README as it is.
        address: the repository on GitHub.
        tag: a version tag in it.
        chapters: the file names of the notebooks.
    """
    links = ""
    if address:
        places = places_to_open(address, tag)
        badges = {
            "Colab": "![Colab](https://colab.research.google.com/assets/colab-badge.svg)",
            "Kaggle": "![Kaggle](https://kaggle.com/static/images/open-in-kaggle.svg)",
        }
        binder = places["Binder"].format("").removesuffix("/")
        links = website_links(address, chapters)
        links += f"- [![Binder](https://mybinder.org/badge_logo.svg)]({binder}) the whole series\n"
        for place, badge in badges.items():
            numbers = [f"[{int(name[:2])}]({places[place].format(name)})" for name in chapters]
            links += f"- {badge} notebook {', '.join(numbers)}\n"
        links += "\n"
    return re.sub(r"\A(# .+\n\n)(- .+\n)*\n*", lambda title: title[1] + links, text)


def stamped_files(root: Path) -> dict[Path, str]:
    """Return what each stamped file should hold, by what pyproject.toml says."""
    address, tag = read_stamp(root)
    paths = select_notebooks(root / "notebooks", ["*"])
    cell = first_cell(address, tag)
    files = {path: stamp_notebook(path.read_text(encoding="utf-8"), cell) for path in paths}
    chapters = [path.name for path in paths if path.parent.name == "notebooks"]
    readme, citation = root / "README.md", root / "CITATION.cff"
    files[readme] = stamp_readme(readme.read_text(encoding="utf-8"), address, tag, chapters)
    files[citation] = stamp_citation(citation.read_text(encoding="utf-8"), address)
    return files


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.publish.stamp",
        description="Write the address in pyproject.toml into what readers see of it.",
    )
    parser.add_argument("address", nargs="?", help="a new one: https://github.com/me/name; or none")
    parser.add_argument("tag", nargs="?", default="", help="a version tag there, such as v1.0")
    options = parser.parse_args(arguments)
    try:
        if options.address == "none":
            set_stamp(root, "", "")
        elif options.address:
            check(options.address, options.tag)
            set_stamp(root, options.address, options.tag)
        files = stamped_files(root)
    except StampError as error:
        print(error, file=sys.stderr)
        return 1
    for path, text in files.items():
        write_whole(path, text)
    print("Stamped:", " ".join(read_stamp(root)).strip() or "no address")
    return 0


if __name__ == "__main__":
    sys.exit(main())
