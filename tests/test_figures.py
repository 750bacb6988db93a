"""The figures that the notebooks compute: those committed, those of this machine, the text's."""

import re
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from ae_utils.checkpoints import load_shipped
from ae_utils.training import evaluate
from tools.run_series import Execution, data_line, execute

FOLDER = Path(__file__).parents[1] / "notebooks"
PATHS = {path.stem: path for path in sorted(FOLDER.rglob("[0-9][0-9]_*.ipynb"))}
ACROSS_MACHINES = 0.02  # how far, relatively, a trained model's error moves between processors
# Bytes. On newer Pythons PyTorch's import alone takes 120 MB more than on 3.11 (seen on 3.13).
MEMORY_BUDGET = 1.2e9 if sys.version_info < (3, 12) else 1.5e9

# A quotation: the words around a number in a notebook's text, and where that number comes from.
QUOTATIONS = {
    "01_compression": [
        (r"From (\S+) down to 0", lambda f: f["test error, average image"]),
        (r"down to (\S+): two numbers", lambda f: f["test error, PCA"]),
        (
            r"explain (\d+) % of the error",
            lambda f: 100 * (1 - f["test error, PCA"] / f["test error, average image"]),
        ),
        (r"PCA stands at (\d\.\d+)\.", lambda f: f["test error, PCA"]),
        (r"The test error is (\S+), ", lambda f: f["test error, deep autoencoder"]),
        (
            r"(\d+) % below PCA's",
            lambda f: 100 * (1 - f["test error, deep autoencoder"] / f["test error, PCA"]),
        ),
        (r"PNG needs (\d+) bytes", lambda f: f["bytes of a PNG"]),
        (r"(\S+) megabytes", lambda f: f["bytes of the decoder"] / 1e6),
        (r"until there are about (\S+) images", lambda f: f["images that repay the decoder"]),
        (r"PCA's error, (\d\.\d+)\.", lambda f: f["test error, PCA"]),
        (r"non-linear layers it came to (\d\.\d+)\.", lambda f: f["test error, deep autoencoder"]),
        (r"(\S+) on training images,", lambda f: f["training error, deep autoencoder"]),
        (r"training images, (\S+) on test", lambda f: f["test error, deep autoencoder"]),
    ],
    "01_compression_solutions": [
        (r"its error comes to (\S+) of PCA's", lambda f: f["ratio, 10 numbers"]),
        (r"of PCA's, (\S+) against", lambda f: f["test error, deep, 10 numbers"]),
        (r"against (\d\.\d+)\. With two", lambda f: f["test error, PCA, 10 numbers"]),
        (r"the test error, (\S+), has", lambda f: f["test error, deep without a bend"]),
        (r"down to PCA's (\d\.\d+)\.", lambda f: f["test error, PCA, 2 numbers"]),
    ],
}
CASES = [(name, *quotation) for name, those in QUOTATIONS.items() for quotation in those]


def read_figures(notebook: NotebookNode) -> dict[str, float]:
    """Return the figures that the last code cell of an executed notebook printed."""
    last = [cell for cell in notebook.cells if cell.cell_type == "code"][-1]
    lines = last.outputs[0].text.splitlines()
    return {name: float(value) for name, value in (line.rsplit(": ", 1) for line in lines)}


def committed_figures(name: str) -> dict[str, float]:
    """Return the figures of a notebook as it is committed."""
    return read_figures(nbformat.read(PATHS[name], as_version=4))


def text_of(name: str) -> str:
    """Return a notebook's text cells, on one line."""
    notebook = nbformat.read(PATHS[name], as_version=4)
    text = " ".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return " ".join(text.split())


def round_like(value: float, quoted: str) -> float:
    """Round a value to the significant digits that a quoted number has."""
    digits = quoted.replace(",", "")
    if "." not in digits:
        digits = digits.rstrip("0")
    significant = len(digits.replace(".", "").lstrip("0"))
    return float(f"{value:.{significant}g}")


@pytest.fixture(scope="module", params=PATHS)
def run(request) -> Execution:
    """Each notebook, executed on this machine with the data it finds."""
    path = PATHS[request.param]
    run = Execution(request.param, nbformat.read(path, as_version=4))
    execute(path, run)
    return run


@pytest.mark.parametrize(("name", "pattern", "source"), CASES)
def test_text_quotes_the_committed_figure(name, pattern, source):
    quoted = re.findall(pattern, text_of(name))
    assert quoted, "no such sentence any more"
    value = source(committed_figures(name))
    for number in quoted:
        assert float(number.replace(",", "")) == round_like(value, number)


def test_every_notebook_has_its_figures_quoted():
    assert set(QUOTATIONS) == set(PATHS)


def test_rounding_follows_the_quotation():
    assert round_like(0.055718, "0.0557") == 0.0557
    assert round_like(4673.2, "4,700") == 4700
    assert round_like(17.4, "17") == 17


def test_figures_of_this_machine_are_the_committed_ones(run):
    if not data_line(run.notebook).startswith("MNIST:"):
        pytest.skip("needs real MNIST: no network, and AE_DATA_DIR names no folder that holds it")
    assert read_figures(run.notebook) == pytest.approx(
        committed_figures(run.name), rel=ACROSS_MACHINES
    )


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is known on Linux only")
def test_memory_stays_within_what_binder_gives(run):
    assert 0.3e9 < run.peak_memory <= MEMORY_BUDGET


def check_compression(figures: dict[str, float], is_mnist: bool) -> None:
    """Hold notebook 1 to its story: deep beats PCA, and linear equals it."""
    pca, deep = figures["test error, PCA"], figures["test error, deep autoencoder"]
    assert pca < figures["test error, average image"]
    assert deep < pca
    if is_mnist:
        assert figures["test error, linear autoencoder"] == pytest.approx(pca, rel=0.02)
        assert deep <= 0.7 * pca
        assert deep <= 0.0355


def check_compression_solutions(figures: dict[str, float], is_mnist: bool) -> None:
    """Hold the solutions to the checks that the exercises name."""
    assert figures["test error, deep without a bend"] > 0.99 * figures["test error, PCA, 2 numbers"]
    if is_mnist:
        assert figures["test error, PCA, 10 numbers"] == pytest.approx(0.034, rel=0.02)
        assert figures["ratio, 10 numbers"] < 0.5


STORIES = {
    "01_compression": check_compression,
    "01_compression_solutions": check_compression_solutions,
}


def test_figures_of_this_machine_tell_the_story_of_the_text(run):
    is_mnist = data_line(run.notebook).startswith("MNIST:")
    STORIES[run.name](read_figures(run.notebook), is_mnist)


def test_shipped_model_is_as_good_as_its_description_says(mnist):
    model, about = load_shipped("dense_2d")
    assert evaluate(model, mnist.test_images) == pytest.approx(about["test_error"], abs=1e-4)
    assert about["test_error"] < 0.0345
