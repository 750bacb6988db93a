"""The explorer in JupyterLab in a real browser, moved by keys, by mouse and by typing.

Needs playwright (from PyPI) and Chromium (from the system). Where one is missing the tests are
skipped, or fail if AE_REQUIRE_BROWSER=1.
"""

import base64
import io
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import numpy as np
import pytest
import torch
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image

from ae_utils.checkpoints import load_shipped
from ae_utils.data import load_digits
from ae_utils.explorer import LatentExplorer
from ae_utils.latent import encode_dataset
from ae_utils.models import Autoencoder
from ae_utils.pictures import MAP_SIZE, draw_map
from tests.browser import require_browser
from tools.measure.browser import launch_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 120  # to wait for what takes a few of them, and may take more on a busy machine

CELLS = [
    """\
import torch
from ae_utils.checkpoints import load_shipped
from ae_utils.data import load_digits
from ae_utils.explorer import LatentExplorer
from ae_utils.latent import encode_dataset

torch.set_num_threads(1)
digits = load_digits("digits")

def explore(name):
    model, _ = load_shipped(name)
    codes = encode_dataset(model.encode, digits.test_images)
    return LatentExplorer(model, codes, digits.test_labels, digits.test_images)""",
    "explore('dense_2d')",
    "explore('sweep_8d')",
]
PLANE, EIGHT = 1, 2  # the cells that show an explorer

RUN_ALL = """async () => {
    await jupyterapp.restored;
    const panel = jupyterapp.shell.currentWidget;
    await panel.context.ready;
    await panel.sessionContext.ready;
    await jupyterapp.commands.execute('notebook:run-all-cells');
}"""
IS_IDLE = "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
READ = """output => ({
    boxes: [...output.querySelectorAll('input[type=number]')].map(box => Number(box.value)),
    sliders: [...output.querySelectorAll('.noUi-target')].map(s => s.noUiSlider.get()),
    images: [...output.querySelectorAll('img')].map(image => [image.alt, image.src]),
    errors: [...output.querySelectorAll('[role=alert]')].map(element => element.textContent),
})"""
WATCH_FRAMES = """output => {
    window.theMap = output.querySelector('img[alt^=Map]');
    window.frames = 0;
    window.faults = [];
    const height = output.offsetHeight;
    const look = () => {
        window.frames += 1;
        const images = [...output.querySelectorAll('img')];
        if (images.length !== 3) window.faults.push(`${images.length} images`);
        const drawn = images.every(image => image.complete && image.naturalWidth);
        if (!drawn) window.faults.push('blank');
        if (output.offsetHeight !== height) window.faults.push(`height ${output.offsetHeight}`);
        window.watching = requestAnimationFrame(look);
    };
    look();
}"""
END_WATCH = """output => {
    cancelAnimationFrame(window.watching);
    const kept = output.contains(window.theMap);
    return {frames: window.frames, faults: window.faults, kept};
}"""


@dataclass
class Lab:
    """A page of JupyterLab with the notebook run, and what the browser noticed meanwhile."""

    page: "Page"
    received: list[int] = field(default_factory=list)  # sizes of the kernel's messages, in bytes
    errors: list[str] = field(default_factory=list)

    def output(self, cell: int) -> "Locator":
        """What a cell shows."""
        return self.page.locator(".jp-CodeCell").nth(cell).locator(".jp-OutputArea-output")

    def read(self, cell: int) -> dict[str, Any]:
        """What an explorer shows: numbers, images, errors."""
        return self.output(cell).evaluate(READ)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One page for all tests, so none may rely on where another left the sliders."""
    start_playwright = require_browser()
    folder = tmp_path_factory.mktemp("lab")
    with run_server(folder) as address, start_playwright() as playwright:
        browser = launch_chromium(playwright)
        page = browser.new_page(viewport={"width": 1000, "height": 900})
        page.set_default_timeout(1_000 * SECONDS)
        lab = Lab(page)
        page.on("pageerror", lambda error: lab.errors.append(str(error)))
        page.on("console", lambda m: lab.errors.append(m.text) if m.type == "error" else None)
        page.on(
            "websocket",
            lambda ws: ws.on("framereceived", lambda data: lab.received.append(len(data))),
        )
        page.goto(f"{address}/lab/tree/explorer.ipynb?reset")
        page.wait_for_function("window.jupyterapp && jupyterapp.shell.currentWidget?.context")
        page.evaluate(RUN_ALL)
        lab.output(EIGHT).locator(".noUi-handle").last.wait_for()
        page.wait_for_function(IS_IDLE)
        yield lab
        browser.close()


@contextmanager
def run_server(folder: Path) -> Iterator[str]:
    """JupyterLab on the notebook, with folders of its own; gives its address."""
    work = folder / "work"
    work.mkdir()
    cells = [new_code_cell(source) for source in CELLS]
    kernel = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(
        new_notebook(cells=cells, metadata={"kernelspec": kernel}), work / "explorer.ipynb"
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = [
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--port-retries=0",
        "--IdentityProvider.token=",
        "--ServerApp.password=",
        "--ServerApp.disable_check_xsrf=True",
        f"--ServerApp.root_dir={work}",
        "--LabApp.expose_app_in_browser=True",
    ]
    with (folder / "server.log").open("w+") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            env=make_environment(folder), stdout=log, stderr=log,
        )  # fmt: skip
        try:
            address = f"http://127.0.0.1:{port}"
            if not answers(address, server):
                log.seek(0)
                pytest.fail(f"JupyterLab does not start:\n{log.read()[-2_000:]}")
            yield address
        finally:
            server.terminate()  # upon which it ends its kernels
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


def make_environment(folder: Path) -> dict[str, str]:
    """The environment, with Jupyter's folders in `folder` and no pop-up about news."""
    settings = folder / "config" / "labconfig" / "default_setting_overrides.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(
        json.dumps({"@jupyterlab/apputils-extension:notification": {"fetchNews": "false"}})
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    paths = filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])
    return kept | {
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "IPYTHONDIR": str(folder / "ipython"),
        "PYTHONPATH": os.pathsep.join(paths),
    }


def answers(address: str, server: subprocess.Popen[bytes]) -> bool:
    """Wait for the server; false if it ends or takes too long."""
    deadline = time.monotonic() + SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{address}/api", timeout=5):
                return True
        except OSError:
            time.sleep(0.1)
    return False


# What should be seen.


@pytest.fixture(scope="module")
def twin() -> tuple[Autoencoder, LatentExplorer]:
    """The model and an explorer in this process, as the notebook has them in its kernel."""
    digits = load_digits("digits")
    model, _ = load_shipped("dense_2d")
    codes = encode_dataset(model.encode, digits.test_images)
    return model, LatentExplorer(model, codes, digits.test_labels, digits.test_images)


def read_pixels(source: str) -> np.ndarray:
    """The pixels of an image's address."""
    return np.array(Image.open(io.BytesIO(base64.b64decode(source.split(",")[1]))))


@torch.no_grad()
def decode_pixels(model: Autoencoder, point: list[float]) -> np.ndarray:
    """What the decoder makes of a point: dark ink on white."""
    x_hat = model.decode(torch.tensor(point))[0, 0].numpy()
    return np.round(255 * (1 - x_hat)).astype(np.uint8)


def check_shown(lab: Lab, model: Autoencoder, point: list[float]) -> None:
    """Wait until a point is shown, then compare all that is seen with it."""
    name = ", ".join(f"z{number} = {value:g}" for number, value in enumerate(point, start=1))
    alt = f"What the decoder makes of {name}"
    lab.output(PLANE).get_by_alt_text(alt, exact=True).wait_for()
    lab.page.wait_for_function(IS_IDLE)
    seen = lab.read(PLANE)
    assert seen["boxes"] == point
    assert seen["errors"] == [] and lab.errors == []
    (source,) = [source for text, source in seen["images"] if text == alt]
    assert np.array_equal(read_pixels(source), decode_pixels(model, point))


def start_at(lab: Lab, model: Autoencoder, point: list[float]) -> None:
    """Bring the sliders to a point by typing it."""
    boxes = lab.output(PLANE).locator("input[type=number]")
    for number, value in enumerate(point):
        boxes.nth(number).fill(str(value))
        boxes.nth(number).press("Enter")
    check_shown(lab, model, point)


def test_boxes_show_what_the_kernel_has_set(lab: Lab, twin: tuple) -> None:
    seen = lab.read(PLANE)
    assert seen["boxes"] == seen["sliders"] == [box.value for box in twin[1].boxes]
    eight = lab.read(EIGHT)
    assert len(eight["boxes"]) == 8 and eight["boxes"] == eight["sliders"]
    for value in eight["boxes"]:  # no rounding came back, such as 8.9e-16
        assert value * 1_024 % 1 == 0


@pytest.mark.parametrize(
    ("key", "n_steps"),
    [("ArrowRight", 1), ("ArrowLeft", -1), ("ArrowUp", 1), ("PageDown", -5)],
)
def test_keys_move_a_focused_slider(lab: Lab, twin: tuple, key: str, n_steps: int) -> None:
    model, explorer = twin
    for number in range(2):
        start_at(lab, model, [0.5, -0.5])
        lab.output(PLANE).locator(".noUi-handle").nth(number).focus()
        lab.page.keyboard.press(key)
        point = [0.5, -0.5]
        point[number] += n_steps * explorer.sliders[number].step
        check_shown(lab, model, point)


def test_home_and_end_reach_the_limits(lab: Lab, twin: tuple) -> None:
    model, explorer = twin
    start_at(lab, model, [0.5, -0.5])
    lab.output(PLANE).locator(".noUi-handle").first.focus()
    for key, end in (("Home", explorer.sliders[0].min), ("End", explorer.sliders[0].max)):
        lab.page.keyboard.press(key)
        check_shown(lab, model, [end, -0.5])


def grip(lab: Lab, number: int = 0) -> tuple[float, float]:
    """Press the mouse on a slider's handle; returns where."""
    handle = lab.output(PLANE).locator(".noUi-handle").nth(number)
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    lab.page.mouse.move(x, y)
    lab.page.mouse.down()
    return x, y


def test_mouse_drags_a_slider(lab: Lab, twin: tuple) -> None:
    model, explorer = twin
    start_at(lab, model, [0.5, -0.5])
    x, y = grip(lab)
    lab.page.mouse.move(x + 50, y, steps=5)
    lab.page.mouse.up()
    point = lab.read(PLANE)["sliders"]
    assert point[0] >= 0.5 + 5 * explorer.sliders[0].step and point[1] == -0.5
    check_shown(lab, model, point)


@pytest.mark.parametrize("typed", [0.3, -1.23456, 2])
def test_a_typed_number_is_decoded_exactly(lab: Lab, twin: tuple, typed: float) -> None:
    model, explorer = twin
    start_at(lab, model, [0.5, -0.5])
    start_at(lab, model, [typed, -0.5])
    step = explorer.sliders[0].step
    assert lab.read(PLANE)["sliders"] == [round(typed / step) * step, -0.5]


def test_a_number_beyond_the_limits_becomes_the_limit(lab: Lab, twin: tuple) -> None:
    model, explorer = twin
    start_at(lab, model, [0.5, -0.5])
    box = lab.output(PLANE).locator("input[type=number]").first
    box.fill("99")
    box.press("Enter")
    check_shown(lab, model, [explorer.sliders[0].max, -0.5])


def test_last_of_200_mouse_moves_wins_and_nothing_flickers(lab: Lab, twin: tuple) -> None:
    model, _ = twin
    start_at(lab, model, [0.5, -0.5])
    output, n_received = lab.output(PLANE), len(lab.received)
    assert max(lab.received) > 50_000  # the map came, once
    output.evaluate(WATCH_FRAMES)
    x, y = grip(lab)
    for number in range(200):
        lab.page.mouse.move(x + 60 * np.sin(number / 20), y)
    lab.page.mouse.up()
    point = lab.read(PLANE)["sliders"]
    check_shown(lab, model, point)
    watched = output.evaluate(END_WATCH)
    assert watched["frames"] > 10 and watched["faults"] == []
    assert watched["kept"]  # the map's element is the same one still
    assert 0 < max(lab.received[n_received:]) < 10_000


def test_last_of_200_keys_wins(lab: Lab, twin: tuple) -> None:
    model, explorer = twin
    start_at(lab, model, [0.5, -0.5])
    lab.output(PLANE).locator(".noUi-handle").last.focus()
    for number in range(200):
        lab.page.keyboard.press("ArrowLeft" if number % 20 < 5 else "ArrowRight")
    point = lab.read(PLANE)["sliders"]
    assert point == [0.5, explorer.sliders[1].max]
    check_shown(lab, model, point)


def middle(element: "Locator") -> np.ndarray:
    """The centre of an element on the screen."""
    box = element.bounding_box()
    return np.array([box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])


def test_marker_lies_on_the_map_where_its_point_is(lab: Lab, twin: tuple) -> None:
    model, explorer = twin
    low, high = ([s.min for s in explorer.sliders], [s.max for s in explorer.sliders])
    codes, labels = torch.zeros(1, 2), torch.zeros(1, dtype=torch.int64)
    ax = draw_map(codes, labels, torch.tensor(low), torch.tensor(high))
    output = lab.output(PLANE)
    for point in ([0.5, -0.5], low, high, [low[0], high[1]]):
        start_at(lab, model, point)
        the_map = output.get_by_alt_text("Map of the codes").bounding_box()
        assert the_map["width"] == the_map["height"] == MAP_SIZE
        across, upwards = ax.transData.transform(point) / ax.figure.bbox.size
        wanted = the_map["x"] + across * MAP_SIZE, the_map["y"] + (1 - upwards) * MAP_SIZE
        assert np.abs(middle(output.locator("svg")) - wanted).max() < 1.5


def test_pictures_have_text_alternatives_and_boxes_have_names(lab: Lab, twin: tuple) -> None:
    start_at(lab, twin[0], [0.5, -0.5])
    output = lab.output(PLANE)
    alts = [alt for alt, _ in lab.read(PLANE)["images"]]
    assert len(alts) == 3 and all(len(alt) > 15 for alt in alts)
    marker = output.get_by_role("img", name="The point z1 = 0.5, z2 = -0.5 on the map")
    assert marker.count() == 1
    for number in (1, 2):
        assert output.get_by_label(f"z{number}", exact=True).count() == 1


def test_nothing_is_cut_off_on_a_page_of_1000_pixels(lab: Lab, twin: tuple) -> None:
    output = lab.output(PLANE)
    assert output.evaluate(
        "e => e.scrollWidth <= e.clientWidth && e.scrollHeight <= e.clientHeight"
    )


def test_without_a_browser_the_tests_are_skipped_unless_one_is_required(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("AE_REQUIRE_BROWSER", raising=False)
    with pytest.raises(pytest.skip.Exception, match="installed"):
        require_browser()
    monkeypatch.setenv("AE_REQUIRE_BROWSER", "1")
    with pytest.raises(pytest.fail.Exception, match="installed"):
        require_browser()
