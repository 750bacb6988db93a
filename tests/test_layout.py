"""How the package is laid out: who imports whom, what is documented, what is never used."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "ae_utils"
MODULES = {path.stem: path for path in sorted(PACKAGE.glob("*.py"))}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}

# A module may import those named here, of ours, and no others.
MAY_IMPORT: dict[str, set[str]] = {
    "__init__": set(),
    "mnist_files": set(),
    "models": set(),
    "plots": set(),
    "cells": set(),
    "data": {"mnist_files"},
    "metrics": {"data"},
    "latent": {"data"},
    "training": {"data", "metrics"},
    "judge": {"models"},
    "checkpoints": {"models", "judge"},
    "maps": {"plots"},
    "stacking": {"latent", "metrics", "models", "training"},
    "results": set(),
    "controls": set(),
    "pictures": {"maps"},
    "explorer": {"controls", "latent", "models", "pictures", "plots"},
}
UNPICKLERS = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}

Function = ast.FunctionDef | ast.AsyncFunctionDef

each_module = pytest.mark.parametrize("name", MODULES)


def list_imports(tree: ast.AST) -> Iterator[str]:
    """Full names of all that a module imports, within functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = node.module or ""
            if node.level:  # `from . import x`, `from .x import y`
                origin = f"ae_utils.{origin}" if origin else "ae_utils"
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def list_own_imports(tree: ast.AST) -> set[str]:
    """Which of the package's modules a module imports."""
    parts = [name.split(".") for name in list_imports(tree)]
    return {part[1] if len(part) > 1 else "" for part in parts if part[0] == "ae_utils"}


def list_public(tree: ast.Module) -> Iterator[tuple[str, Function | ast.ClassDef]]:
    """Public classes and functions, and the public methods of public classes."""
    for node in tree.body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name, node
            if isinstance(node, ast.ClassDef):
                yield from ((f"{node.name}.{name}", inner) for name, inner in list_methods(node))


def list_methods(node: ast.ClassDef) -> Iterator[tuple[str, Function]]:
    """A class's methods, without those whose name begins with an underscore."""
    for inner in node.body:
        if isinstance(inner, Function) and not inner.name.startswith("_"):
            yield inner.name, inner


def list_functions(tree: ast.AST) -> Iterator[Function]:
    """All functions and methods of a module, wherever they stand."""
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def lacks_hints(function: Function) -> list[str]:
    """The parts of a signature without a type hint."""
    spec = function.args
    arguments = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs, spec.vararg, spec.kwarg]
    missing = [a.arg for a in arguments if a is not None and a.annotation is None]
    missing = [name for name in missing if name not in ("self", "cls")]
    return missing + (["return"] if function.returns is None else [])


def name_of(node: ast.expr) -> str:
    """The dotted name of an expression such as `torch.load`, or ''."""
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def unsafe_uses(tree: ast.AST) -> set[str]:
    """What in a module could run code hidden in a file."""
    imports = set(list_imports(tree))
    found = {name for name in imports if name.split(".")[0] in UNPICKLERS}
    found |= imports & {"torch.load", "torch.save"}
    names = {name_of(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return found | (names & {"torch.load", "torch.save", "np.load", "numpy.load"})


def test_the_rules_cover_the_whole_package() -> None:
    assert MAY_IMPORT.keys() == MODULES.keys()


@each_module
def test_imports_run_one_way(name: str) -> None:
    assert list_own_imports(TREES[name]) <= MAY_IMPORT[name]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("import ae_utils.models", {"models"}),
        ("from ae_utils.models import x", {"models"}),
        ("from ae_utils import models", {"models"}),
        ("from . import models", {"models"}),
        ("from .models import x", {"models"}),
        ("def f():\n    from ae_utils.models import x", {"models"}),
        ("import ae_utils", {""}),
        ("import torch", set()),
    ],
)
def test_imports_are_found_in_every_form(line: str, found: set[str]) -> None:
    assert list_own_imports(ast.parse(line)) == found


@each_module
def test_public_names_have_docstrings(name: str) -> None:
    assert ast.get_docstring(TREES[name]), f"{name} has no docstring"
    bare = [full for full, node in list_public(TREES[name]) if not ast.get_docstring(node)]
    assert bare == []


@each_module
def test_functions_have_full_type_hints(name: str) -> None:
    bare = {f.name: lacks_hints(f) for f in list_functions(TREES[name]) if lacks_hints(f)}
    assert bare == {}


@each_module
def test_nothing_is_unpickled(name: str) -> None:
    assert unsafe_uses(TREES[name]) == set()


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from pickle import loads",
        "import torch\ntorch.load(path)",
        "from torch import load",
        "import torch\nread = torch.save",
        "def f():\n    import joblib",
    ],
)
def test_unsafe_uses_are_found_in_every_form(line: str) -> None:
    assert len(unsafe_uses(ast.parse(line))) == 1


def test_checks_find_what_they_look_for() -> None:
    tree = ast.parse("class A:\n    def f(self, a, *b: int, c=1): pass\ndef _g() -> None: pass")
    assert [name for name, _ in list_public(tree)] == ["A", "A.f"]
    assert [lacks_hints(f) for f in list_functions(tree)] == [[], ["a", "c", "return"]]


def run_python(code: str) -> set[str]:
    """The top-level modules that a fresh Python has loaded after some code."""
    code = f"import sys\nsys.path.insert(0, sys.argv[1])\n{code}\nprint(*sys.modules)"
    command = [sys.executable, "-c", code, str(PACKAGE.parent)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in result.stdout.split()}


def test_importing_the_package_alone_loads_nothing_heavy() -> None:
    loaded = run_python("import ae_utils")
    assert "ae_utils" in loaded
    assert not loaded & {"torch", "torchvision", "matplotlib", "numpy", "sklearn", "safetensors"}


def test_models_and_training_draw_nothing_and_fetch_nothing() -> None:
    loaded = run_python("import ae_utils.models, ae_utils.training, ae_utils.checkpoints")
    assert "torch" in loaded
    assert not loaded & {"matplotlib", "requests", "sklearn", "torchvision"}
