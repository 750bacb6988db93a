"""How the code is laid out: who imports whom, how long a file is, what is documented."""

import ast
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def list_modules() -> Iterator[tuple[str, Path]]:
    """The modules of `ae_utils` and `tools`, by their dotted names."""
    for path in sorted([*ROOT.glob("ae_utils/*.py"), *ROOT.glob("tools/**/*.py")]):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(part for part in parts if part != "__init__"), path


MODULES = dict(list_modules())
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}

# What takes images, codes, arrays or functions, but no model.
ARRAYS = ["images", "metrics", "losses", "latent", "plots", "maps"]
# The ground of the package: what training, chapters and widgets stand on.
GROUND = [*ARRAYS, "mnist_files", "data", "device", "layers", "models"]
WIDGETS = {"ae_utils.controls", "ae_utils.explorer"}

UNPICKLERS = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
Function = ast.FunctionDef | ast.AsyncFunctionDef

each_module = pytest.mark.parametrize("name", MODULES)


def list_imports(name: str) -> Iterator[str]:
    """Full names of all that a module imports, within functions too."""
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def find_module(imported: str) -> str | None:
    """Which of our modules an imported name is, or stands in."""
    while imported and imported not in MODULES:
        imported = imported.rpartition(".")[0]
    return imported or None


IMPORTS = {name: {m for each in list_imports(name) if (m := find_module(each))} for name in MODULES}


def reach(name: str) -> set[str]:
    """Our modules that a module imports, those that these import, and so on."""
    found: set[str] = set()
    new = IMPORTS[name]
    while new:
        found |= new
        new = {each for module in new for each in IMPORTS[module]} - found
    return found


def test_no_imports_run_in_a_circle() -> None:
    TopologicalSorter(IMPORTS).prepare()


def in_package(names: list[str]) -> list[str]:
    """The full names of those modules of the package that there are."""
    return [full for name in names if (full := f"ae_utils.{name}") in MODULES]


@pytest.mark.parametrize("name", in_package(GROUND))
def test_the_ground_imports_nothing_that_stands_on_it(name: str) -> None:
    assert IMPORTS[name] <= set(in_package(GROUND))


@pytest.mark.parametrize("name", in_package([*ARRAYS, "training", "distance"]))
def test_what_takes_any_model_imports_none(name: str) -> None:
    assert "ae_utils.models" not in reach(name)


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("ae_utils")])
def test_widgets_stand_on_top_and_the_tools_above_the_package(name: str) -> None:
    imported = {each.split(".")[0] for each in list_imports(name)}
    assert "tools" not in imported
    assert "ipywidgets" not in imported or name in WIDGETS
    assert "ae_utils.explorer" not in IMPORTS[name]


@each_module
def test_public_names_have_docstrings(name: str) -> None:
    tree = TREES[name]
    scopes = [tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))]
    defined = [n for s in scopes for n in s.body if isinstance(n, Function | ast.ClassDef)]
    public = [tree, *(node for node in defined if not node.name.startswith("_"))]
    assert [node for node in public if not ast.get_docstring(node)] == []


@each_module
def test_functions_have_full_type_hints(name: str) -> None:
    functions = [node for node in ast.walk(TREES[name]) if isinstance(node, Function)]
    for function in functions:
        arguments = [a for a in ast.walk(function.args) if isinstance(a, ast.arg)]
        bare = [a.arg for a in arguments if not a.annotation and a.arg not in ("self", "cls")]
        assert function.returns and not bare, function.name


@each_module
def test_nothing_is_unpickled(name: str) -> None:
    used = {ast.unparse(n) for n in ast.walk(TREES[name]) if isinstance(n, ast.Attribute)}
    for each in used | set(list_imports(name)):
        assert each.split(".")[0] not in UNPICKLERS
        assert not re.fullmatch(r"(torch|np|numpy)\.(load|save)", each)


@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        ("import ae_utils", {"torch", "torchvision", "matplotlib", "numpy", "sklearn"}),
        (
            "import ae_utils.models, ae_utils.training, ae_utils.checkpoints",
            {"matplotlib", "requests", "sklearn", "torchvision"},
        ),
        ("import tools.publish.explorer_page", {"ipywidgets"}),
        ("import tools.publish.series", {"torch"}),  # the kernels need not wait for it
    ],
)
def test_an_import_brings_nothing_along_that_it_does_not_need(
    code: str, unwanted: set[str]
) -> None:
    command = [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules)"]
    loaded = subprocess.check_output(command, cwd=ROOT, text=True).split()
    assert not unwanted & set(loaded)


def count_lines(pattern: str) -> list[int]:
    """The lines of each of some files."""
    return [len(path.read_text(encoding="utf-8").splitlines()) for path in ROOT.glob(pattern)]


@pytest.mark.parametrize("folder", ["ae_utils", "tools"])
def test_a_module_can_be_read_in_one_sitting(folder: str) -> None:
    assert max(count_lines(f"{folder}/**/*.py")) <= 250


def test_the_package_is_small() -> None:
    lines = count_lines("ae_utils/*.py")
    assert sum(lines) <= 2_500
    assert statistics.median(lines) <= 150


def test_tests_are_little_longer_than_what_they_test() -> None:
    tests, package, tools = (
        sum(count_lines(f"{f}/**/*.py")) for f in ("tests", "ae_utils", "tools")
    )
    assert tests <= 1.2 * (package + tools)
