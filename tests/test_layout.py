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
PATHS = sorted([*ROOT.glob("ae_utils/**/*.py"), *ROOT.glob("tools/**/*.py")])
NAMES = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in PATHS]
MODULES = dict(zip([n.removesuffix(".__init__") for n in NAMES], PATHS, strict=True))
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}

# The ground of the package: what training, chapters and widgets stand on.
GROUND = ["images", "data_files", "downloads", "embedded", "data", "device", "metrics", "losses"]
GROUND += ["checks", "latent", "distance", "plots", "maps"]
MODELS = ["layers", "models"]
# What takes images, codes, arrays or functions, but knows no model, may import only such ground.
RULES = [(name, GROUND) for name in [*GROUND, "training"]]
RULES += [(name, GROUND + MODELS) for name in MODELS]

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


def own_modules(names: Iterator[str]) -> set[str]:
    """The modules of ours that some imported names are, or stand in."""
    return {each for name in names for each in (name, name.rpartition(".")[0]) if each in MODULES}


IMPORTS = {name: own_modules(list_imports(name)) - {name} for name in MODULES}


def test_no_imports_run_in_a_circle() -> None:
    TopologicalSorter(IMPORTS).prepare()


@pytest.mark.parametrize(("name", "allowed"), RULES, ids=[name for name, _ in RULES])
def test_imports_run_from_the_top_to_the_ground(name: str, allowed: list[str]) -> None:
    imports = IMPORTS.get(f"ae_utils.{name}", set()) - {"ae_utils"}
    assert imports <= {f"ae_utils.{each}" for each in allowed}


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("ae_utils")])
def test_widgets_stand_on_top_and_the_tools_above_the_package(name: str) -> None:
    imported = {each.split(".")[0] for each in list_imports(name)}
    assert "tools" not in imported
    assert "ipywidgets" not in imported or name in ("ae_utils.controls", "ae_utils.explorer")
    assert "ae_utils.explorer" not in IMPORTS[name]


@each_module
def test_public_names_have_docstrings_and_functions_type_hints(name: str) -> None:
    tree = TREES[name]
    scopes = [tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))]
    defined = [n for s in scopes for n in s.body if isinstance(n, Function | ast.ClassDef)]
    public = [tree, *(node for node in defined if not node.name.startswith("_"))]
    assert [node for node in public if not ast.get_docstring(node)] == []
    for function in (node for node in ast.walk(tree) if isinstance(node, Function)):
        arguments = [each for each in ast.walk(function.args) if isinstance(each, ast.arg)]
        bare = [a.arg for a in arguments if not a.annotation and a.arg not in ("self", "cls")]
        assert function.returns and not bare, function.name


@each_module
def test_nothing_is_unpickled(name: str) -> None:
    used = {ast.unparse(n) for n in ast.walk(TREES[name]) if isinstance(n, ast.Attribute)}
    for each in used | set(list_imports(name)):
        assert each.split(".")[0] not in UNPICKLERS
        assert not re.fullmatch(r"(torch|np|numpy)\.(load|save)", each)


@pytest.mark.parametrize(
    ("modules", "unwanted"),
    [
        ("ae_utils", {"torch", "torchvision", "matplotlib", "numpy", "sklearn", "safetensors"}),
        ("ae_utils.training, ae_utils.checkpoints", {"matplotlib", "requests", "sklearn"}),
        ("tools.publish.playground_page", {"ipywidgets"}),
        ("tools.publish.series", {"torch"}),  # the kernels need not wait for it
    ],
)
def test_an_import_brings_along_only_what_it_needs(modules: str, unwanted: set[str]) -> None:
    command = [sys.executable, "-c", f"import sys, {modules}\nprint(*sys.modules)"]
    assert not unwanted & set(subprocess.check_output(command, cwd=ROOT, text=True).split())


def count_lines(folder: str, ending: str = "py") -> list[int]:
    """The lines of each of a folder's files with an ending."""
    paths = ROOT.glob(f"{folder}/**/*.{ending}")
    return [len(path.read_text(encoding="utf-8").splitlines()) for path in paths]


SCRIPTS = ("tools/publish/playground", "js")


@pytest.mark.parametrize("files", [("ae_utils",), ("tools",), SCRIPTS], ids=lambda files: files[0])
def test_a_module_can_be_read_in_one_sitting(files: tuple[str, ...]) -> None:
    assert max(count_lines(*files)) <= 250


def test_the_package_is_small_and_so_are_the_tests() -> None:
    package = count_lines("ae_utils")
    exercises = count_lines("ae_utils/exercises")
    assert sum(package) - sum(exercises) <= 4_500
    assert statistics.median(package) <= 150
    product = [*package, *count_lines("tools"), *count_lines(*SCRIPTS)]
    assert sum(count_lines("tests")) <= sum(product)
