"""How fast the playground is in this machine's Chromium: training, and moves meanwhile.

python -m tools.measure.page_training
"""

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ae_utils.data import DataSet, load_digits
from ae_utils.latent import evenly
from ae_utils.metrics import knn_labels
from tools.measure.browser import launch_chromium
from tools.measure.page_speed import time_moves
from tools.publish.modules import to_address
from tools.publish.packing import to_text
from tools.publish.playground_page import N_IMAGES, PAGE, write_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HELD_OUT = 5  # every fifth image, as in train.js
SETTINGS = {"codeSize": 2, "linear": False, "noise": 0, "beta": 0, "rate": 0.005}
N_PARTS = 10  # in which the labels of codes are guessed, each from the others
TRAIN = """async ([address, images, heldOut, settings, seconds]) => {
    const unpack = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    const worker = new Worker(address, { type: "module" });
    const snapshots = [];
    const ask = (task, more = {}) => worker.postMessage({ task, settings, ...more });
    const hear = (kind) => new Promise((resolve) => {
        worker.addEventListener("message", ({ data }) => {
            if (data.kind === "snapshot") snapshots.push(data);
            if (data.kind === kind) resolve();
        });
    });
    ask("load", { images: unpack(images), heldOut: unpack(heldOut), shown: [] });
    await hear("pca");
    ask("start");
    await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
    ask("pause");
    await hear("snapshot");
    worker.terminate();
    const { step, heldOutError, codes } = snapshots.at(-1);
    const speeds = snapshots.map(({ speed }) => speed).filter((speed) => speed);
    return { steps: step, error: heldOutError, codes: [...codes], speeds };
}"""


@dataclass(frozen=True)
class Outcome:
    """What a training in the page has come to."""

    steps: int
    speed: float  # images a second
    error: float  # mean squared error a pixel of the held-out images
    accuracy: float  # share of their codes whose digit the five nearest other codes tell


def measure_training(
    browser: "Browser", digits: DataSet, seconds: float, **settings: Any
) -> Outcome:
    """Train on the page's images for some seconds, with its settings but for those given."""
    images, labels = (evenly(data, N_IMAGES) for data in (digits.test_images, digits.test_labels))
    held = torch.arange(len(images)) % HELD_OUT == HELD_OUT - 1
    texts = [to_text(images[part].numpy()) for part in (~held, held)]
    page = browser.new_page()
    all_settings = SETTINGS | {"seed": 0} | settings
    found = page.evaluate(TRAIN, [to_address("worker.js"), *texts, all_settings, seconds])
    page.close()
    codes = torch.tensor(found["codes"]).view(int(held.sum()), -1)
    accuracy = map_accuracy(codes, labels[held])
    return Outcome(found["steps"], statistics.median(found["speeds"]), found["error"], accuracy)


def map_accuracy(codes: Tensor, labels: Tensor) -> float:
    """Share of codes (N, latent_dim) whose label, (N,), the five nearest of other parts tell."""
    part = torch.arange(len(codes)) % N_PARTS
    guessed = labels.clone()
    for number in range(N_PARTS):
        own = part == number
        guessed[own] = knn_labels(codes[own], codes[~own], labels[~own])
    return (guessed == labels).float().mean().item()


def main() -> None:
    """Train for 20 seconds from each of three seeds, move the sliders, and print what was found."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = launch_chromium(playwright)
        for seed in range(3):
            outcome = measure_training(browser, load_digits(), 20, seed=seed)
            print(
                f"seed {seed}: {outcome.speed:,.0f} images a second, after {outcome.steps:,} steps "
                f"error {outcome.error:.4f}, 5-NN accuracy {outcome.accuracy:.2f}",
                flush=True,
            )
        page_file = write_page(PAGE)
        for trains, when in ((False, "alone"), (True, "while a network trains")):
            moves, script = (
                statistics.median(times) for times in time_moves(browser, page_file, trains=trains)
            )
            print(f"a move, {when}: {moves:.1f} ms to its pixels, {script:.1f} ms of them script")
        browser.close()


if __name__ == "__main__":
    main()
