"""Training: the loop, its stop, what it leaves alone, and what it refuses."""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from torch import Tensor, nn

from ae_utils import losses, training
from ae_utils.convolutional import convolutional_autoencoder
from ae_utils.data import load_digits
from ae_utils.images import mean_image, to_float
from ae_utils.losses import classification_loss, error_rate, evaluate, reconstruction_loss
from ae_utils.metrics import reconstruction_error
from ae_utils.models import Autoencoder, dense_autoencoder, linear_autoencoder
from ae_utils.pca import pca_autoencoder
from ae_utils.training import History, Settings, TrainingError, draw_batches, fit, make_scheduler
from tests.helpers import check_message, copy_weights, random_images, same_weights

pytestmark = pytest.mark.usefixtures("one_thread")

BUILDERS = (linear_autoencoder, dense_autoencoder, convolutional_autoencoder)
SHORT = Settings(steps=45, batch_size=16, lr=5e-3, seed=3)  # a record every 3 steps
EVERY = 3


def small_model(seed: int = 0) -> Autoencoder:
    """A model that trains fast."""
    return dense_autoencoder(2, widths=(12, 6), seed=seed)


def all_finite(model: nn.Module) -> bool:
    """Whether no weight is NaN or infinite."""
    return all(w.isfinite().all() for w in model.state_dict().values())


def call_at_forward(model: nn.Module, number: int, action: Any) -> Any:
    """Let `action` change the output of the model's call `number`, counted from 1, or raise."""
    calls = 0

    def hook(module: nn.Module, args: tuple, output: Tensor) -> Tensor | None:
        nonlocal calls
        calls += 1
        return action(output) if calls == number else None

    return model.register_forward_hook(hook)


def stop(output: Tensor) -> Tensor:
    """What the stop button does."""
    raise KeyboardInterrupt


N_FORWARDS = SHORT.steps + 2 * (SHORT.steps // EVERY + 1)  # a step, or two parts of a record


# The loop.


def train_plainly(
    model: nn.Module,
    x: Tensor,
    settings: Settings,
    labels: Tensor | None = None,
    n: int | None = None,
) -> nn.Module:
    """The oracle: a loop with the rate by its formula, for the first `n` steps, or all."""
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.99), fused=True)
    rise = max(1, settings.steps // 10)
    batches = list(draw_batches(len(x), settings))[:n]
    for step, chosen in enumerate(batches, start=1):
        progress = max(0, step - rise) / (settings.steps - rise + 1)
        factor = min(1, step / rise) * (1 + math.cos(math.pi * progress)) / 2
        optimizer.param_groups[0]["lr"] = settings.lr * factor
        out = model(x[chosen])
        if labels is None:
            loss = (out - x[chosen]).square().mean()
        else:
            loss = nn.functional.cross_entropy(out, labels[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


@pytest.mark.parametrize("build", BUILDERS[:2])
@pytest.mark.parametrize("stored", [True, False], ids=["uint8", "float32"])
def test_fit_equals_a_plain_loop(build: Any, stored: bool) -> None:
    images = random_images() if stored else to_float(random_images())
    model, before = build(3, seed=1), images.clone()
    fit(model, images, SHORT)
    assert torch.equal(images, before)
    plain = train_plainly(build(3, seed=1), random_images().float() / 255, SHORT)
    assert same_weights(model, copy_weights(plain))


def test_another_optimizer_takes_the_steps() -> None:
    images, model = random_images(4), BUILDERS[0](2)
    before = copy_weights(model)
    reconstruction_loss(model, to_float(images)).backward()
    expected = {name: before[name] - 0.5 * w.grad for name, w in model.named_parameters()}
    fit(model, images, Settings(1, lr=0.5), make_optimizer=torch.optim.SGD)
    for name, weight in model.named_parameters():
        torch.testing.assert_close(weight.detach(), expected[name])


@pytest.mark.parametrize("build", BUILDERS)
def test_same_seed_same_weights_and_another_seed_others(build: Any) -> None:
    def train(seed: int) -> tuple[dict[str, Tensor], History]:
        model = build(2)
        history = fit(model, random_images(20), Settings(3, batch_size=4, seed=seed))
        return copy_weights(model), history

    torch.manual_seed(1)
    state, (weights, history) = torch.get_rng_state(), train(seed=7)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(2)
    again, same_history = train(seed=7)
    other, other_history = train(seed=8)
    assert all(torch.equal(weights[name], again[name]) for name in weights)
    assert history == same_history != other_history
    assert not all(torch.equal(weights[name], other[name]) for name in weights)


def test_history_has_the_errors_of_its_steps() -> None:
    images, test_images = random_images(), random_images(7, 1)
    model = small_model()
    before = evaluate(model, images), evaluate(model, test_images)
    history = fit(model, images, SHORT, test_images=test_images)
    assert history.steps == list(range(0, SHORT.steps + 1, EVERY))
    assert (history.train_loss[0], history.test_loss[0]) == before
    assert history.train_loss[-1] == evaluate(model, images)
    assert history.test_loss[-1] == evaluate(model, test_images)
    assert len(history.train_loss) == len(history.test_loss) == len(history.steps)
    assert history.train_loss[-1] < history.train_loss[0]


def test_fit_works_without_test_images_and_does_not_learn_from_them() -> None:
    alone, measured = small_model(), small_model()
    history = fit(alone, random_images(), SHORT)
    fit(measured, random_images(), SHORT, test_images=random_images(7, 1))
    assert history.test_loss == [] and len(history.train_loss) > 1
    assert same_weights(alone, copy_weights(measured))


@pytest.mark.parametrize("steps", [1, 2, 19, 20, 21, 41])
def test_last_step_is_always_recorded(steps: int) -> None:
    history = fit(small_model(), random_images(), Settings(steps, batch_size=8))
    assert history.steps[0] == 0 and history.steps[-1] == steps
    assert history.steps == sorted(set(history.steps))
    assert len(history.steps) <= training.N_RECORDS + 1


def test_long_data_sets_are_tracked_on_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "N_TRACKED", 10)
    images, model, numbers = random_images(35), small_model(), torch.arange(35)
    history = fit(model, images, Settings(1))
    sample, chosen = training._draw_sample(images, numbers)
    assert history.train_loss[-1] == evaluate(model, sample)
    assert torch.equal(images[chosen], sample) and len(set(chosen.tolist())) == 10


def test_sample_is_of_one_sort_no_more_than_the_whole() -> None:
    numbers, _ = training._draw_sample(torch.arange(60_000), None)
    assert len(numbers) == training.N_TRACKED
    assert (numbers % 2).float().mean().item() == pytest.approx(0.5, abs=0.05)
    assert numbers.float().mean().item() == pytest.approx(30_000, rel=0.05)


def test_frozen_parameters_do_not_move() -> None:
    model = small_model()
    model.encoder.requires_grad_(False)
    encoder, decoder = copy_weights(model.encoder), copy_weights(model.decoder)
    fit(model, random_images(), SHORT)
    assert same_weights(model.encoder, encoder)
    assert not any(torch.equal(w, decoder[k]) for k, w in model.decoder.state_dict().items())
    assert not any(p.requires_grad for p in model.encoder.parameters())


def test_fit_takes_any_module() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 784), nn.Unflatten(1, (1, 28, 28)))
    history = fit(model, random_images(), SHORT)
    assert history.train_loss[-1] < history.train_loss[0]


@pytest.mark.parametrize("name", ["mnist", "digits"])
def test_linear_model_reaches_pcas_error(name: str, request: pytest.FixtureRequest) -> None:
    """On the images it learnt from it cannot pass it: Baldi & Hornik 1989."""
    digits = load_digits(name) if name == "digits" else request.getfixturevalue(name)
    train, test = digits.train_images[:20_000], digits.test_images
    pca_train, pca_test = (evaluate(pca_autoencoder(train, 2), part) for part in (train, test))
    model = linear_autoencoder(2, mean_image=mean_image(train))
    fit(model, train, Settings(steps=700, batch_size=256, lr=1e-2))
    assert pca_train * (1 - 1e-4) < evaluate(model, train) < pca_train * 1.02
    assert evaluate(model, test) == pytest.approx(pca_test, rel=0.02)


def make_classifier() -> nn.Module:
    """A linear classifier with fixed weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))


def test_fit_with_labels_equals_a_plain_loop() -> None:
    images, model, labels = random_images(), make_classifier(), torch.arange(50) % 10
    some = {"test_images": images[:7], "test_labels": labels[3:10]}
    history = fit(model, images, SHORT, labels=labels, loss=classification_loss, **some)
    x = images.float() / 255
    assert same_weights(model, copy_weights(train_plainly(make_classifier(), x, SHORT, labels)))
    with torch.no_grad():
        final = nn.functional.cross_entropy(model(x), labels)
        unseen = nn.functional.cross_entropy(model(x[:7]), labels[3:10])
    assert history.train_loss[-1] == pytest.approx(final.item(), rel=1e-5)
    assert history.test_loss[-1] == pytest.approx(unseen.item(), rel=1e-5)


@pytest.mark.parametrize("shape", [(49,), (50, 1), ()])
def test_labels_that_do_not_fit_the_images_are_refused(shape: tuple[int, ...]) -> None:
    labels = torch.zeros(shape, dtype=torch.int64)
    with pytest.raises(ValueError) as caught:
        fit(make_classifier(), random_images(), SHORT, labels=labels, loss=classification_loss)
    check_message(caught.value, "training labels", str(shape), "50 images", "(50,)")
    for loss in (classification_loss, error_rate):
        with pytest.raises(ValueError, match=r"without labels.*Pass `labels`"):
            fit(make_classifier(), random_images(), SHORT, loss=loss)


def test_test_images_without_labels_or_labels_without_images_are_named() -> None:
    images, labels = random_images(), torch.arange(50) % 10
    for some, missing in (({"test_images": images}, "labels"), ({"test_labels": labels}, "images")):
        with pytest.raises(ValueError) as caught:
            fit(make_classifier(), images, SHORT, labels=labels, loss=classification_loss, **some)
        check_message(caught.value, f"test {missing}: ", f"`test_{missing}`")


# Stopping.


@examples(max_examples=15)
@given(number=st.integers(1, N_FORWARDS))
def test_stopped_model_keeps_the_weights_of_the_last_whole_step(number: int) -> None:
    model, images, printed = small_model(), random_images(), []
    call_at_forward(model, number, stop)
    with pytest.MonkeyPatch.context() as context:
        context.setattr("builtins.print", printed.append)
        history = fit(model, images, SHORT, test_images=random_images(7, 1))
    n_records, position = divmod(max(number - 3, 0), EVERY + 2)
    done = n_records * EVERY + min(position, EVERY)
    plain = train_plainly(small_model(), images.float() / 255, SHORT, n=done)
    assert same_weights(model, copy_weights(plain))
    (line,) = printed
    assert f"after step {done} of {SHORT.steps};" in line
    assert all(len(curve) == len(history.steps) for curve in vars(history).values())


# Losses that are not finite.


@examples(max_examples=12)
@given(number=st.integers(3, N_FORWARDS), bad=st.sampled_from([math.nan, math.inf]))
def test_training_stops_at_the_first_loss_that_is_not_finite(number: int, bad: float) -> None:
    model, images = small_model(), random_images()
    call_at_forward(model, number, lambda output: output * bad)
    with pytest.raises(TrainingError) as caught:
        fit(model, images, SHORT, test_images=random_images(7, 1))
    check_message(caught.value, "not finite", "learning rate", "0.005", "tenth")
    n_records, position = divmod(number - 3, EVERY + 2)
    kept, failed = n_records * EVERY, n_records * EVERY + min(position + 1, EVERY)
    assert f"The loss at step {failed} is" in str(caught.value)
    assert f"holds the weights of step {kept}." in str(caught.value)
    plain = train_plainly(small_model(), images.float() / 255, SHORT, n=kept)
    assert same_weights(model, copy_weights(plain))


@pytest.mark.parametrize("build", BUILDERS[:2])
@pytest.mark.parametrize("lr", [1e6, 1e20, 1e38, 1e200])
def test_absurd_learning_rate_leaves_finite_weights(build: Any, lr: float) -> None:
    model = build(2)
    try:
        history = fit(model, random_images(), Settings(40, batch_size=16, lr=lr))
    except TrainingError as error:
        check_message(error, f"it was {lr:g}")
    else:
        assert all(map(math.isfinite, history.train_loss))
    assert all_finite(model)


def test_weights_that_go_bad_are_taken_back() -> None:
    model, calls = small_model(), iter(range(100))

    def poison(*_: Any) -> None:
        if next(calls) == 11:
            model.decoder[0].weight.data.fill_(-math.inf)

    model.register_forward_pre_hook(poison)
    with pytest.raises(TrainingError):
        fit(model, random_images(), SHORT)
    assert all_finite(model)


def test_weights_that_were_bad_from_the_start_are_named() -> None:
    model = small_model()
    with torch.no_grad():
        model.decoder[0].weight[0, 0] = math.nan
    with pytest.raises(TrainingError) as caught:
        fit(model, random_images(), SHORT)
    check_message(caught.value, "loss at step 0", "not finite", "No step was taken")


# Evaluation.


@pytest.mark.parametrize("build", BUILDERS)
@pytest.mark.parametrize("n", [1, 7, 23])
def test_evaluation_equals_a_plain_computation(
    build: Any, n: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(losses, "EVALUATION_BATCH", 5)  # several batches, the last one smaller
    model, images = build(2, seed=4), random_images(n)
    x = images.numpy().astype(np.float64) / 255
    with torch.no_grad():
        x_hat = model(to_float(images)).double().numpy()
    wanted = float(np.mean((x_hat - x) ** 2))
    assert evaluate(model, images) == pytest.approx(wanted, rel=1e-5)
    assert evaluate(model, to_float(images)) == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("is_training", [True, False])
def test_evaluation_leaves_weights_modes_and_gradients_alone(is_training: bool) -> None:
    model = nn.Sequential(
        nn.BatchNorm2d(1), nn.Dropout(0.5), nn.Flatten(), nn.Linear(784, 784),
        nn.Unflatten(1, (1, 28, 28)),
    )  # fmt: skip
    x = to_float(random_images())
    reconstruction_error(model(x), x).backward()
    model.train(is_training)
    model[0].eval()  # as in a model of which a part is frozen
    weights, random_state = copy_weights(model), torch.get_rng_state()
    tracked: list[bool] = []
    model.register_forward_hook(lambda module, args, output: tracked.append(output.requires_grad))
    gradients = {name: p.grad.clone() for name, p in model.named_parameters()}
    errors = [evaluate(model, random_images()) for _ in range(2)]
    assert errors[0] == errors[1]  # without dropout
    assert tracked == [False, False]  # nothing was noted down for gradients
    assert same_weights(model, weights)
    assert [module.training for module in model] == [False] + [is_training] * 4
    assert model.training is is_training
    assert all(torch.equal(p.grad, gradients[name]) for name, p in model.named_parameters())
    assert torch.equal(torch.get_rng_state(), random_state)


def test_model_without_parameters_can_be_evaluated() -> None:
    assert evaluate(nn.Identity(), random_images()) == 0


def test_any_loss_can_be_evaluated() -> None:
    model, images, labels = make_classifier(), random_images(), torch.arange(50) % 10
    with torch.no_grad():
        logits = model(images.float() / 255)
    wanted = nn.functional.cross_entropy(logits, labels).item()
    assert evaluate(model, images, labels, classification_loss) == pytest.approx(wanted, rel=1e-5)
    wrong = sum(int(row.argmax()) != label for row, label in zip(logits, labels, strict=True))
    assert evaluate(model, images, labels, error_rate) == pytest.approx(100 * wrong / 50)


# What is refused.


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_images_that_are_not_finite_are_named(value: float) -> None:
    images = to_float(random_images())
    images[17, 0, 3, 4] = images[40, 0, 0, 0] = value
    model = small_model()
    for what, call in {
        "training images": lambda: fit(model, images, SHORT),
        "test images": lambda: fit(model, random_images(), SHORT, test_images=images),
        "images": lambda: evaluate(model, images),
    }.items():
        with pytest.raises(ValueError) as caught:
            call()
        check_message(caught.value, f"{what}: image 17 ", "not finite", "2 such", "of 50", "repair")
    assert same_weights(model, copy_weights(small_model()))


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_empty_images_are_refused(dtype: torch.dtype) -> None:
    model, empty = small_model(), torch.zeros(0, 1, 28, 28, dtype=dtype)
    for what, call in {
        "training images": lambda: fit(model, empty, SHORT),
        "test images": lambda: fit(model, random_images(), SHORT, test_images=empty),
        "images": lambda: evaluate(model, empty),
    }.items():
        with pytest.raises(ValueError) as caught:
            call()
        check_message(caught.value, f"{what}: got shape (0, 1, 28, 28)", "at least one")


BAD_IMAGES: dict[str, tuple[Any, type[Exception], str]] = {
    "NumPy": (np.zeros((9, 1, 28, 28), np.float32), TypeError, "ndarray"),
    "list": ([[0.0]], TypeError, "list"),
    "float64": (torch.zeros(9, 1, 28, 28, dtype=torch.float64), TypeError, "`.float()`"),
    "float64 units": (torch.zeros(9, 784, dtype=torch.float64), TypeError, "`.float()`"),
    "int64": (torch.zeros(9, 1, 28, 28, dtype=torch.int64), TypeError, "int64"),
    "flat": (torch.zeros(9, 784), ValueError, "(9, 784)"),
    "no channel axis": (torch.zeros(9, 28, 28, dtype=torch.uint8), ValueError, "(9, 28, 28)"),
    "one flat image": (torch.zeros(784), ValueError, "(784,)"),
    "one number": (torch.tensor(0.5), ValueError, "()"),
    "0..255": (torch.full((9, 1, 28, 28), 255.0), ValueError, "255"),
}


@pytest.mark.parametrize("images, kind, cause", BAD_IMAGES.values(), ids=BAD_IMAGES)
def test_images_of_another_kind_are_refused(images: Any, kind: type[Exception], cause: str) -> None:
    for call in (fit, evaluate):
        model = nn.Sequential(*small_model().children())  # which checks nothing by itself
        before = copy_weights(model)
        with pytest.raises(kind) as caught:
            call(model, images, *([SHORT] if call is fit else []))
        check_message(caught.value, cause)
        assert same_weights(model, before) and model.training


KINDS = (torch.float64, torch.bfloat16, torch.half)
BAD_MODELS = [
    (small_model().requires_grad_(False), "Autoencoder", "`requires_grad_(True)`"),
    (nn.Identity(), "Identity", "there are none"),
    (torch.inference_mode()(make_classifier)(), "inference_mode", "outside"),
    *(
        (small_model().to(kind), f"2.weight of this Autoencoder is {kind}", ".float")
        for kind in KINDS
    ),
]


@pytest.mark.parametrize("model, cause, cure", BAD_MODELS)
def test_models_that_cannot_be_trained_are_named(model: nn.Module, cause: str, cure: str) -> None:
    before = copy_weights(model)
    for call in (fit, evaluate) if "float" in cause else (fit,):
        with pytest.raises((TypeError, ValueError)) as caught:
            call(model, random_images(), *([SHORT] if call is fit else []))
        check_message(caught.value, "model: ", cause, cure)
    assert same_weights(model, before)


BAD_SETTINGS = {
    "steps": [0, -1, 2.5, True, "7", None, math.nan],
    "batch_size": [0, -1, 2.5, True, "7", None],
    "lr": [0, -1e-3, math.nan, math.inf, "1", None, True],
    "seed": [-1, 2**32, 0.5, True, "1", None],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in BAD_SETTINGS.items() for value in values]
)
def test_bad_settings_are_refused(name: str, value: Any) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        Settings(**({"steps": 10} | {name: value}))
    check_message(caught.value, f"{name}: got {value!r}", "Pass a ")


# The learning rate.


@given(steps=st.integers(1, 3_000), lr=st.floats(1e-6, 10))
def test_learning_rate_rises_for_a_tenth_then_falls_and_stays_positive(
    steps: int, lr: float
) -> None:
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr)
    factor = make_scheduler(optimizer, Settings(steps)).lr_lambdas[0]
    assert optimizer.param_groups[0]["lr"] == pytest.approx(lr * factor(0))
    rates = [factor(done) for done in range(steps)]
    top = max(1, steps // 10)
    assert max(rates) == rates[top - 1] == 1
    assert all(a < b for a, b in pairwise(rates[:top]))
    assert all(a > b for a, b in pairwise(rates[top - 1 :]))
    assert rates[-1] > 0
    # No jump: the steepest step of the rise, and of a half cosine over the rest.
    steepest = max(1 / top, math.pi / 2 / (steps - top + 1))
    jumps = [abs(a - b) for a, b in zip([0.0, *rates], [*rates, 0.0], strict=True)]
    assert max(jumps) <= steepest * (1 + 1e-9)


@examples(max_examples=40)
@given(n_images=st.integers(1, 60), batch_size=st.integers(1, 70), seed=st.integers(0, 2**32 - 1))
def test_epoch_draws_no_image_twice(n_images: int, batch_size: int, seed: int) -> None:
    drawn = min(batch_size, n_images)
    n_batches = n_images // drawn
    batches = list(draw_batches(n_images, Settings(3 * n_batches, batch_size, seed=seed)))
    assert len(batches) == 3 * n_batches
    for start in range(0, len(batches), n_batches):
        epoch = torch.cat(batches[start : start + n_batches])
        assert epoch.dtype == torch.int64 and len(epoch) == n_batches * drawn
        assert len(epoch.unique()) == len(epoch)
        assert epoch.min() >= 0 and epoch.max() < n_images


def test_every_epoch_and_every_seed_has_its_own_order_and_draws_for_itself() -> None:
    orders = []
    for seed in range(3):
        settings = Settings(12, batch_size=10, seed=seed)
        batches = list(draw_batches(40, settings))
        torch.rand(3)  # a random state outside plays no part
        assert all(map(torch.equal, batches, draw_batches(40, settings)))
        orders += [tuple(torch.cat(batches[at : at + 4]).tolist()) for at in (0, 4, 8)]
    assert len(set(orders)) == 9
    assert all(sorted(order) == list(range(40)) for order in orders)


def test_fewer_images_than_a_batch_are_all_drawn() -> None:
    for batch in draw_batches(5, Settings(3, batch_size=256)):
        assert sorted(batch.tolist()) == list(range(5))
    assert fit(small_model(), random_images(5), Settings(4)).steps[-1] == 4


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_training_on_cuda_ends_where_the_cpu_does() -> None:
    here, there = small_model(), small_model().cuda()
    for model in (here, there):
        fit(model, random_images(), SHORT)
    for mine, other in zip(here.parameters(), there.parameters(), strict=True):
        assert other.is_cuda
        torch.testing.assert_close(mine, other.cpu(), rtol=1e-3, atol=1e-4)
