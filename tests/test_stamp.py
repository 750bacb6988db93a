"""The address stamped into the notebooks and the README, and the cell that finds the package."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import nbformat
import pytest

from tools.publish import stamp

ROOT = Path(__file__).parents[1]
ADDRESS, TAG = "https://github.com/ada/digits", "v7.0"
SHOW_PACKAGE = "import ae_utils, pathlib\nprint(pathlib.Path(ae_utils.__file__).resolve())"


def run_cell(cell: str, folder: Path, **env: str) -> subprocess.CompletedProcess:
    """Run the first cell in a folder, where all is installed but `ae_utils`.

    The project's own package is installed by a .pth file; Python reads none in this mode (-S).
    """
    env = {**os.environ, "PYTHONPATH": sysconfig.get_path("purelib"), **env}
    command = [sys.executable, "-S", "-c", f"{cell}\n{SHOW_PACKAGE}"]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)


@pytest.fixture
def project(tmp_path) -> Path:
    """A folder with a package of this name, and the notebooks' folders."""
    folder = tmp_path / "a project"
    (folder / "ae_utils").mkdir(parents=True)
    (folder / "ae_utils" / "__init__.py").touch()
    (folder / "notebooks" / "solutions").mkdir(parents=True)
    return folder


@pytest.fixture
def address(project, tmp_path) -> str:
    """The address of a bare repository that holds this project at tag v7.0."""
    if shutil.which("git") is None:
        pytest.skip("needs git")
    author = ["-c", "user.name=Ada", "-c", "user.email=ada@localhost"]
    commit = [*author, "commit", "--quiet", "--message", "All"]
    for command in (["init", "--quiet"], ["add", "."], commit, ["tag", TAG]):
        subprocess.run(["git", *command], cwd=project, check=True)
    bare = tmp_path / "bare.git"
    subprocess.run(["git", "clone", "--quiet", "--bare", project, bare], check=True)
    return bare.as_uri()


@pytest.mark.parametrize("values", [("", ""), (ADDRESS, TAG)], ids=["unstamped", "stamped"])
def test_cell_is_short_and_finds_the_package_in_a_folder_above(project, values):
    cell = stamp.first_cell(*values)
    assert len(cell.splitlines()) <= 14
    for place in ("notebooks", "notebooks/solutions"):
        result = run_cell(cell, project / place)
        assert Path(result.stdout.strip()) == (project / "ae_utils" / "__init__.py").resolve()
        assert result.stderr == ""


def test_cell_fetches_the_package_once_and_finds_it_after_a_restart(address, tmp_path_factory):
    cell, elsewhere = stamp.first_cell(address, TAG), tmp_path_factory.mktemp("content")
    fetched = (elsewhere / "autoencoders-v7.0" / "ae_utils" / "__init__.py").resolve()
    for path in (os.environ["PATH"], ""):  # without git the second time
        result = run_cell(cell, elsewhere, PATH=path)
        assert result.stderr == ""
        assert Path(result.stdout.strip()) == fetched


def test_cell_says_why_the_package_cannot_be_fetched(address, tmp_path_factory):
    elsewhere, git = tmp_path_factory.mktemp("content"), os.environ["PATH"]
    for tag, path, reason in (("v9", git, "Remote branch v9 not"), (TAG, "", "git: .*not found")):
        result = run_cell(stamp.first_cell(address, tag), elsewhere, PATH=path, LC_ALL="C")
        message = result.stderr.partition("ImportError: ")[2]
        assert message.startswith("`ae_utils` could not be fetched; is the internet switched on?")
        assert re.search(reason, message)
        assert len(message.splitlines()) <= 3
        assert list(elsewhere.iterdir()) == []
    message = run_cell(stamp.first_cell("", ""), elsewhere).stderr.partition("ImportError: ")[2]
    assert "clone the repository and open the notebook there" in message


@pytest.mark.parametrize(
    ("address", "tag", "named"),
    [
        *[(a, TAG, "address") for a in ("", ADDRESS[:-7], f"{ADDRESS}.git", "ada/digits")],
        *[(ADDRESS, tag, "tag") for tag in ("", "main", "3f4f4acbc7fb81b5e0c6b4cf2f0c", "v1; rm")],
    ],
)
def test_wrong_address_or_tag_is_refused(address, tag, named):
    with pytest.raises(stamp.StampError, match=f"The {named} is '"):
        stamp.check(address, tag)


def test_all_files_are_stamped_as_pyproject_says():
    files = stamp.stamped_files(ROOT)
    assert [p.name for p, text in files.items() if p.read_text(encoding="utf-8") != text] == []


@pytest.fixture
def copy(tmp_path) -> Path:
    """A folder with what the command changes, one notebook in place of all; without an address."""
    files = ("pyproject.toml", "README.md", "CITATION.cff", "notebooks/01_compression.ipynb")
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    assert stamp.main(["none"], tmp_path) == 0
    return tmp_path


def contents(folder: Path) -> dict[str, str]:
    """All files of a folder."""
    return {p.name: p.read_text(encoding="utf-8") for p in folder.rglob("*") if p.is_file()}


def test_address_is_stamped_everywhere_and_taken_back(copy):
    before = contents(copy)
    assert stamp.main([ADDRESS, TAG], copy) == 0
    assert stamp.read_stamp(copy) == (ADDRESS, TAG)
    after = contents(copy)
    notebook = nbformat.reads(after["01_compression.ipynb"], as_version=4)
    cell = next(cell for cell in notebook.cells if cell.cell_type == "code")
    assert f"--branch {TAG} {ADDRESS} " in cell.source
    assert cell.metadata == stamp.CELL_METADATA
    file = "blob/v7.0/notebooks/01_compression.ipynb)"
    for link in (
        "https://mybinder.org/v2/gh/ada/digits/v7.0?urlpath=lab/tree/notebooks)",
        f"https://colab.research.google.com/github/ada/digits/{file}",
        f"https://kaggle.com/kernels/welcome?src={ADDRESS}/{file}",
    ):
        assert after["README.md"].count(link) == 1
    website = "https://ada.github.io/digits"
    for link in ("/)", "/playground.html)", "/slides/01_compression.html)"):
        assert after["README.md"].count(f"({website}{link}") == 1
    assert f"\nrepository-code: {ADDRESS}\n" in after["CITATION.cff"]
    assert stamp.main([ADDRESS, "v7.1"], copy) == 0
    assert not [name for name, text in contents(copy).items() if re.search(r"v7\.0\b", text)]
    assert stamp.main(["none"], copy) == 0
    assert contents(copy) == before


def test_half_a_stamp_is_refused_and_changes_nothing(copy, capsys):
    before = contents(copy)
    assert stamp.main([ADDRESS], copy) == 1
    assert "The tag is ''" in capsys.readouterr().err
    assert contents(copy) == before
    stamp.set_stamp(copy, ADDRESS, "")  # by hand, in pyproject.toml
    assert stamp.main([], copy) == 1


def test_cell_is_put_back_where_it_is_missing(copy):
    path, before = copy / "notebooks" / "01_compression.ipynb", contents(copy)
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if cell.id != stamp.CELL_ID]
    nbformat.write(notebook, path)
    stamp.main([], copy)
    assert contents(copy) == before
