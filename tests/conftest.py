"""What several test modules share."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib
import matplotlib.pyplot as plt
import nbformat
import pytest
from hypothesis import settings

from tests.browser import require_browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

matplotlib.use("Agg")

# No test asserts an absolute time; Hypothesis would, of each example.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


@pytest.fixture
def one_thread():
    """Compute on one thread, where sums come out the same to the last bit."""
    from tools.measure.bench.machine import use_threads

    with use_threads(1):
        yield


@pytest.fixture
def clean_figures(monkeypatch):
    """Forbid to show figures; leave no figure and no style behind."""
    for shower in (plt, plt.Figure):
        monkeypatch.setattr(shower, "show", lambda *args, **kwargs: pytest.fail("shows a figure"))
    with plt.rc_context():
        yield
    plt.close("all")


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
    from tools.notebooks import select_notebooks
    from tools.publish.book import write_edition

    source = Path(__file__).parents[1] / "notebooks"
    folder = tmp_path_factory.mktemp("html")
    paths = select_notebooks(source, ["*"])
    write_edition({p.stem: nbformat.read(p, as_version=4) for p in paths}, folder, source, [])
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Chromium; each test opens pages of its own in it."""
    from tools.measure.browser import launch_chromium

    with require_browser()() as playwright:
        browser = launch_chromium(playwright)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser) -> Iterator[Callable[..., "Page"]]:
    """Return a function that opens a file without a network; what goes wrong fails the test."""
    contexts, faults = [], []

    def open_file(
        path: Path,
        width: int = 1200,
        height: int = 900,
        script: str = "",
        part: str = "",
        **options: Any,
    ) -> "Page":
        beside = ("data:", f"{path.parent.as_uri()}/")  # such as the explorer within a page
        size = {"width": width, "height": height}
        contexts.append(browser.new_context(viewport=size, offline=True, **options))
        contexts[-1].add_init_script(script)
        page = contexts[-1].new_page()
        page.set_default_timeout(120_000)  # for what takes a second, and more on a busy machine
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda m: m.type == "warning" or faults.append(m.text))
        page.on("request", lambda r: r.url.startswith(beside) or faults.append(r.url))
        page.goto(path.as_uri() + part)
        return page

    yield open_file
    for context in contexts:
        context.close()
    assert faults == []
