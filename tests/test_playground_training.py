"""Training in the playground: against PyTorch and PCA, and that its worker does as it is told."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import LambdaLR

from ae_utils.data import load_digits
from ae_utils.images import to_float
from ae_utils.layers import Standardize
from ae_utils.losses import evaluate
from ae_utils.pca import pca_autoencoder
from ae_utils.stacking import masking_noise
from ae_utils.training import ADAM
from ae_utils.variational import kl_divergence, variational_autoencoder
from tools.measure.page_training import measure_training
from tools.publish.modules import to_address
from tools.publish.packing import to_text
from tools.publish.playground_page import make_page

if TYPE_CHECKING:
    from playwright.sync_api import Page

NAT = 2 * 0.04 / 784
PLAIN = {"codeSize": 2, "linear": False, "seed": 0, "noise": 0, "beta": 0, "rate": 0.005}
Layers = dict[str, nn.Linear]

HELP = """
window.unpack = (text) =>
    new Float32Array(Uint8Array.from(atob(text), (each) => each.charCodeAt(0)).buffer);
window.pack = (numbers) => {
    let text = "";
    for (const byte of new Uint8Array(numbers.buffer)) text += String.fromCharCode(byte);
    return btoa(text);
};
window.readModel = ({ layers, ...model }) => {
    for (const layer of Object.values(layers)) {
        for (const name of ["weight", "bias"]) layer[name] = unpack(layer[name]);
    }
    return { layers, ...model };
};
"""


@pytest.fixture(scope="module")
def page(browser) -> Iterator["Page"]:
    """An empty page that has loaded the modules."""
    page = browser.new_page()
    for name in ("adam", "autoencoder", "learner", "pca", "random"):
        load = "async ([name, address]) => { window[name] = await import(address); }"
        page.evaluate(load, [name, to_address(f"{name}.js")])
    page.evaluate(f"() => {{ {HELP} }}")
    yield page
    page.close()


@pytest.fixture(scope="module")
def x(mnist_or_digits) -> Tensor:
    """Images (160, 784) in 0..1."""
    return to_float(mnist_or_digits.test_images[:160]).flatten(1)


def pack(numbers: Tensor) -> str:
    """Numbers as text, 32 bits each, for the page's own `unpack`; lists take it many seconds."""
    return to_text(numbers.detach().numpy().tobytes())


def unpack(text: str) -> Tensor:
    """What the page's own `pack` gives."""
    return torch.frombuffer(bytearray(base64.b64decode(text)), dtype=torch.float32)


def make_layers(size: int) -> Layers:
    """The layers of the series' own network of this size, by the names that the page gives them."""
    model = variational_autoencoder(size, widths=(64,), seed=1)
    found = [model.encoder[2], model.encoder[4], model.log_variance, *model.decoder[:3:2]]
    names = ["encoderHidden", "mean", "logVariance", "decoderHidden", "pixels"]
    return dict(zip(names, found, strict=True))


def describe(layers: Layers, linear: bool) -> dict[str, Any]:
    """A network as the page takes it."""
    numbers = {
        name: {"weight": pack(each.weight), "bias": pack(each.bias), "fanIn": each.in_features}
        for name, each in layers.items()
    }
    return {"codeSize": layers["mean"].out_features, "linear": linear, "layers": numbers}


def find_loss(
    layers: Layers, linear: bool, x: Tensor, seen: Tensor, beta: float, noise: Tensor
) -> Tensor:
    """The loss as PyTorch computes it."""
    function, last = (nn.Identity(), nn.Identity()) if linear else (nn.SiLU(), nn.Sigmoid())
    features = function(layers["encoderHidden"](Standardize()(seen)))
    mean, log_variance = layers["mean"](features), layers["logVariance"](features)
    z = mean + (log_variance / 2).exp() * noise if beta else mean
    x_hat = last(layers["pixels"](function(layers["decoderHidden"](z))))
    return F.mse_loss(x_hat, x) + beta * NAT * kl_divergence(mean, log_variance).mean()


@pytest.mark.parametrize("linear", [False, True])
@pytest.mark.parametrize("beta", [0, 5])
@pytest.mark.parametrize(("size", "share"), [(1, 0.0), (2, 0.5), (8, 0.25)])
def test_gradients_are_pytorchs(page, x, size: int, share: float, beta: float, linear: bool):
    layers, x = make_layers(size), x[:9]
    seen = masking_noise(share)(x)
    noise = torch.randn(len(x), size, generator=torch.Generator().manual_seed(2))
    loss = find_loss(layers, linear, x, seen, beta, noise)
    loss.backward()
    found = page.evaluate(
        """([model, x, seen, beta, noise]) => {
            const [images, hidden, draws] = [x, seen, noise].map(unpack);
            const all = autoencoder.findGradients(readModel(model), images, hidden, beta, draws);
            const lists = Object.entries(all.gradients).map(([name, { weight, bias }]) =>
                [name, { weight: pack(weight), bias: pack(bias) }]);
            return [all.loss, Object.fromEntries(lists)];
        }""",
        [describe(layers, linear), pack(x), pack(seen), beta, pack(noise)],
    )
    assert found[0] == pytest.approx(loss.item(), rel=1e-5)
    assert set(layers) - set(found[1]) == (set() if beta else {"logVariance"})
    for name, gradients in found[1].items():
        for kind, values in gradients.items():
            expected = getattr(layers[name], kind).grad.flatten()
            assert (unpack(values) - expected).norm() < 1e-4 * expected.norm(), (name, kind)


@pytest.mark.parametrize("linear", [False, True])
@pytest.mark.usefixtures("one_thread")
def test_training_goes_as_with_pytorch(page, x, linear: bool) -> None:
    layers, rate, beta = make_layers(2), 0.005, 1.0
    noise = torch.randn(len(x), 2, generator=torch.Generator().manual_seed(2))
    seen = masking_noise(0.25)(x)
    found = page.evaluate(
        """([model, x, seen, beta, rate, noise]) => {
            const [images, hidden, draws] = [x, seen, noise].map(unpack);
            const network = readModel(model);
            const memory = adam.makeAdam(network.layers);
            return Array.from({ length: 200 }, (_, step) => {
                const part = (all, width) =>
                    all.subarray((step % 5) * 32 * width, ((step % 5) + 1) * 32 * width);
                const settings = { beta, rate, draws: part(draws, 2) };
                const batch = [part(images, 784), part(hidden, 784)];
                return learner.learn(network, memory, ...batch, settings).loss;
            });
        }""",
        [describe(layers, linear), pack(x), pack(seen), beta, rate, pack(noise)],
    )
    weights = [p for layer in layers.values() for p in layer.parameters()]
    optimizer = ADAM(weights, rate)
    scheduler = LambdaLR(optimizer, lambda done: min((done + 1) / 100, 1))
    expected = []
    for step in range(200):
        part = slice(step % 5 * 32, (step % 5 + 1) * 32)
        loss = find_loss(layers, linear, x[part], seen[part], beta, noise[part])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        expected.append(loss.item())
    assert expected[-1] < 0.9 * expected[0]
    assert found == pytest.approx(expected, rel=0.01)


TRAIN = """([images, settings, steps]) => {
    const student = learner.makeLearner(unpack(images), settings);
    const errors = [];
    for (let n = 0; n < steps; n++) errors.push(learner.takeStep(student, settings).error);
    const codes = autoencoder.encode(student.model, student.images);
    const xHat = autoencoder.decode(student.model, codes);
    return [errors, pack(codes), autoencoder.reconstructionError(xHat, student.images)];
}"""


def test_a_run_repeats_to_the_last_bit_and_another_seed_gives_another(page, x) -> None:
    settings = PLAIN | {"noise": 0.25, "beta": 1}
    runs = [page.evaluate(TRAIN, [pack(x), settings | {"seed": n}, 10]) for n in (3, 3, 4)]
    assert runs[0] == runs[1] != runs[2]


@pytest.mark.usefixtures("one_thread")
def test_linear_network_comes_to_the_error_of_pca(page, mnist_or_digits) -> None:
    images = mnist_or_digits.test_images[:128]
    x = to_float(images).flatten(1)
    expected = [evaluate(pca_autoencoder(images, size), images) for size in (2, 8)]
    errors = page.evaluate("(x) => pca.pcaErrors(unpack(x), unpack(x), 784, 8)", pack(x))
    assert [errors[size] for size in (2, 8)] == pytest.approx(expected, rel=0.005)
    settings = PLAIN | {"linear": True, "rate": 0.001}
    error = page.evaluate(TRAIN, [pack(x), settings, 300])[2]
    assert 1 <= error / expected[0] < 1.03


def test_hidden_pixels_are_zero_and_the_target_stays_whole(page, x) -> None:
    x = x[:32]  # one batch
    seen, error, expected, images = page.evaluate(
        """([x, settings]) => {
            const images = unpack(x);
            const seen = learner.maskPixels(random.makeRandom(0), images.map(() => 1), 0.25);
            const student = learner.makeLearner(images, settings);
            const codes = autoencoder.encode(student.model, images.map(() => 0));
            const xHat = autoencoder.decode(student.model, codes);
            const expected = autoencoder.reconstructionError(xHat, unpack(x));
            return [pack(seen), learner.takeStep(student, settings).error, expected, pack(images)];
        }""",
        [pack(x), PLAIN | {"noise": 1}],
    )
    seen = unpack(seen)
    assert set(seen.tolist()) == {0, 1}
    assert seen.mean().item() == pytest.approx(0.75, abs=0.01)
    assert error == pytest.approx(expected, rel=1e-5)  # of a network that sees nothing
    assert images == pack(x)


LISTEN = """(address) => {
    window.messages = [];
    window.worker = new Worker(address, { type: "module" });
    worker.addEventListener("message", ({ data }) => messages.push(data));
    worker.addEventListener("error", ({ message }) => messages.push({ kind: message }));
    window.ask = (task, settings, more = {}) => {
        messages.length = 0;
        worker.postMessage({ task, settings, ...more });
    };
}"""


def wait_for(page: "Page", condition: str) -> dict[str, Any]:
    """The first message of the worker that meets a condition."""
    page.wait_for_function(f"messages.some((m) => {condition})")
    return page.evaluate(f"messages.find((m) => {condition})")


def test_worker_starts_pauses_steps_and_goes_back(page, x) -> None:
    page.evaluate(LISTEN, to_address("worker.js"))
    page.evaluate(
        """([x, settings]) => {
            const bytes = Uint8Array.from(unpack(x), (ink) => Math.round(255 * ink));
            const [images, heldOut] = [bytes.slice(0, 100 * 784), bytes.slice(100 * 784)];
            ask("load", settings, { images, heldOut, shown: [1, 2] });
        }""",
        [pack(x), PLAIN],
    )
    assert len(wait_for(page, "m.kind === 'pca'")["errors"]) == 9
    begin = wait_for(page, "m.step === 0")
    assert len(begin["codes"]) == 2 * 60 and len(begin["reconstructions"]) == 2 * 784
    for step in (1, 2):
        page.evaluate("ask('step')")
        assert wait_for(page, "m")["step"] == step
    page.evaluate("ask('start')")
    assert wait_for(page, "m")["heldOutError"] < begin["heldOutError"]
    page.evaluate("ask('pause')")
    done = wait_for(page, "m")["step"]
    page.evaluate("ask('step')")
    assert wait_for(page, "m")["step"] <= done + 2
    page.evaluate("settings => ask('reset', settings)", PLAIN | {"codeSize": 3})
    assert len(wait_for(page, "m.step === 0")["codes"]) == 3 * 60
    page.evaluate("settings => ask('reset', settings)", PLAIN)
    assert wait_for(page, "m.step === 0")["codes"] == begin["codes"]
    page.evaluate("settings => ask('start', settings)", PLAIN | {"rate": 1e30})
    wait_for(page, "m.kind === 'fault'")
    page.evaluate("worker.terminate()")


# What is seen of it, on the whole page, with the embedded digits.


@pytest.fixture(scope="module")
def page_file(tmp_path_factory) -> Path:
    """The playground."""
    path = tmp_path_factory.mktemp("page") / "playground.html"
    path.write_text(make_page(load_digits("digits")), encoding="utf-8")
    return path


@pytest.fixture
def section(open_page, page_file) -> "Page":
    """The page on a small phone, at the section that trains, which is ready."""
    page = open_page(page_file, width=320)
    page.emulate_media(color_scheme="light")
    page.locator("#train").scroll_into_view_if_needed()
    page.get_by_text("; PCA's is").wait_for()
    return page


PICTURES = (
    """() => [...document.querySelectorAll("#train canvas")].map((each) => each.toDataURL())"""
)


def test_buttons_train_and_the_text_tells_of_it(section) -> None:
    text, button = section.locator("#train-text"), section.locator("#train-run")
    images = load_digits("digits").test_images
    held = torch.arange(len(images)) % 5 == 4
    pca = evaluate(pca_autoencoder(images[~held], 2), images[held])
    assert text.text_content().startswith("0 steps.")
    assert f"PCA's is {pca:.4f}" in text.text_content()
    before = section.evaluate(PICTURES)
    section.get_by_role("button", name="One step").press("Enter")
    section.get_by_text("1 step.", exact=False).wait_for()
    button.press("Enter")
    assert button.text_content() == "Pause"
    section.get_by_text("images a second").wait_for()
    button.press("Enter")
    assert button.text_content() == "Train"
    after = section.evaluate(PICTURES)
    assert [a == b for a, b in zip(before, after, strict=True)] == [False, True, False, False]
    section.get_by_label("Beta, the KL weight").select_option("1")
    section.get_by_label("Masked pixels").select_option("50 %")
    section.get_by_role("button", name="One step").press("Enter")
    section.get_by_text(re.compile(r"^[1-9][\d,]* steps?\.")).wait_for()  # it goes on
    section.get_by_role("button", name="Reset").press("Enter")
    section.get_by_text("0 steps.").wait_for()


@pytest.mark.parametrize(
    ("size", "told"), [("1", "in a row for each digit"), ("3", "first two of the 3 numbers")]
)
def test_other_codes_are_told_of_and_nothing_is_too_wide(section, size: str, told: str) -> None:
    section.get_by_label("Numbers in a code").select_option(size)
    section.get_by_text(told).wait_for()
    assert section.evaluate("document.documentElement.scrollWidth") == 320
    wide = section.locator("#train *").evaluate_all(
        "all => all.filter(e => e.getBoundingClientRect().right > innerWidth).length"
    )
    assert wide == 0
    light = section.evaluate(PICTURES)
    section.emulate_media(color_scheme="dark")
    section.wait_for_function(f"map => ({PICTURES})()[0] !== map", arg=light[0])
    dark = section.evaluate(PICTURES)
    assert [a == b for a, b in zip(light, dark, strict=True)] == [False, True, True, False]


def test_training_that_runs_away_is_told_of(section) -> None:
    section.get_by_label("Linear").check()
    section.locator("#train [name=rate]").evaluate("e => e.add(new Option('1e30', 1e30))")
    section.get_by_label("Learning rate").select_option("1e30")
    section.locator("#train-run").click()
    section.get_by_text("The learning rate is too high").wait_for()
    assert section.locator("#train-run").text_content() == "Train"


def test_training_is_measured(browser) -> None:
    outcome = measure_training(browser, load_digits("digits"), 1, codeSize=3)
    assert outcome.steps > 0 and outcome.speed > 0
    assert 0 < outcome.error < 0.1 and 0.1 < outcome.accuracy <= 1
