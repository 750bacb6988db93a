"""What several test modules share."""

import re
from pathlib import Path

import matplotlib
import nbformat
import pytest
from bs4 import BeautifulSoup
from hypothesis import settings

matplotlib.use("Agg")

# No test asserts an absolute time; Hypothesis would, of each example.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


@pytest.fixture
def one_thread():
    """Compute on one thread, where sums come out the same to the last bit."""
    import torch

    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


@pytest.fixture(scope="session")
def mnist_or_digits():
    """The digit images of this machine: MNIST where it is at hand, else the embedded digits."""
    from ae_utils.data import load_digits

    return load_digits()


@pytest.fixture(scope="session")
def mnist(mnist_or_digits):
    """MNIST itself; a test that asks for it is skipped where there is none."""
    if mnist_or_digits.name != "mnist":
        pytest.skip("needs real MNIST: no network, and AE_DATA_DIR names no folder that holds it")
    return mnist_or_digits


@pytest.fixture(scope="session")
def edition(tmp_path_factory) -> Path:
    """The folder of an HTML edition made from the committed notebooks."""
    from tools.html_edition import write_edition

    source = Path(__file__).parents[1] / "notebooks"
    found = [*source.glob("[0-9]*.ipynb"), *source.glob("solutions/[0-9]*.ipynb")]
    paths = sorted(found, key=lambda path: path.stem)  # each chapter before its solutions
    folder = tmp_path_factory.mktemp("html")
    notebooks = {path.stem: nbformat.read(path, as_version=4) for path in paths}
    write_edition(notebooks, folder, source, [])
    return folder


@pytest.fixture(scope="session")
def addresses_fetched():
    """Return a function that lists what a browser would fetch from the network for a page."""

    def find(html: str) -> list[str]:
        tags = BeautifulSoup(html, "html.parser").select("script, link, img, iframe, source")
        named = [tag.get("src") or tag.get("href") or "" for tag in tags]
        in_code = re.findall(r"(?:import\(|@import|url\()\s*[\"']?((?:https?:)?//[^\"')]+)", html)
        return [address for address in named if re.match(r"(https?:)?//", address)] + in_code

    return find
