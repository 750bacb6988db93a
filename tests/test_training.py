"""Training: the loop, stopping and going on, what it leaves alone, and what it refuses."""

import math
from copy import deepcopy
from itertools import islice, pairwise
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from torch import Tensor, nn

from ae_utils import training
from ae_utils.data import Digits, load_digits, mean_image, to_float
from ae_utils.metrics import reconstruction_error
from ae_utils.models import BUILDERS, Autoencoder, dense_autoencoder, linear_autoencoder
from ae_utils.training import (
    Settings,
    TrainingError,
    TrainingRun,
    choose_device,
    classification_loss,
    draw_batches,
    evaluate,
    fit,
    learning_rate,
    make_optimizer,
    take_step,
)

pytestmark = pytest.mark.usefixtures("one_thread")

SHORT = Settings(steps=45, batch_size=16, lr=5e-3, seed=3)  # a record every 3 steps
EVERY = 3


def random_images(n: int = 50, seed: int = 0) -> Tensor:
    """Stored images of noise, uint8 (n, 1, 28, 28)."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (n, 1, 28, 28), generator=generator, dtype=torch.uint8)


def small_model(seed: int = 0) -> Autoencoder:
    """A model that trains fast."""
    return dense_autoencoder(2, widths=(12, 6), seed=seed)


def copy_weights(model: nn.Module) -> dict[str, Tensor]:
    """The weights, out of the optimizer's reach."""
    return deepcopy(dict(model.state_dict()))


def same_weights(model: nn.Module, weights: dict[str, Tensor]) -> bool:
    """Whether a model's weights are these, to the last bit."""
    state = model.state_dict()
    return state.keys() == weights.keys() and all(torch.equal(state[k], weights[k]) for k in state)


def all_finite(model: nn.Module) -> bool:
    """Whether no weight is NaN or infinite."""
    return all(w.isfinite().all() for w in model.state_dict().values())


def check_message(error: BaseException, *parts: str) -> None:
    """Hold a message to three lines and to what it must name."""
    assert 1 <= len(str(error).splitlines()) <= 3
    for part in parts:
        assert part in str(error), f"{part!r} is missing in: {error}"


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


def count_forwards() -> int:
    """How often the model is called in a whole short run with test images."""
    model, calls = small_model(), []
    model.register_forward_hook(lambda *_: calls.append(1))
    fit(model, random_images(), SHORT, test_images=random_images(7, 1))
    return len(calls)


N_FORWARDS = SHORT.steps + 2 * (SHORT.steps // EVERY + 1)  # a step, or two parts of a record


# The loop.


@pytest.mark.parametrize("kind", ["dense", "linear"])
@pytest.mark.parametrize("stored", [True, False], ids=["uint8", "float32"])
def test_fit_equals_a_plain_loop(kind: str, stored: bool) -> None:
    images = random_images() if stored else to_float(random_images())
    model = BUILDERS[kind](3, seed=1)
    plain = BUILDERS[kind](3, seed=1)
    fit(model, images, SHORT)
    optimizer = torch.optim.Adam(plain.parameters(), betas=(0.9, 0.99), fused=True)
    for step, batch in zip(range(1, SHORT.steps + 1), draw_batches(50, SHORT), strict=False):
        x = images[batch].float() / (255 if stored else 1)
        optimizer.param_groups[0]["lr"] = learning_rate(step, SHORT)
        optimizer.zero_grad()
        (plain(x) - x).square().mean().backward()
        optimizer.step()
    assert same_weights(model, copy_weights(plain))


@pytest.mark.parametrize("kind", BUILDERS)
def test_same_seed_same_weights_and_another_seed_others(kind: str) -> None:
    def train(seed: int) -> tuple[dict[str, Tensor], TrainingRun]:
        model = BUILDERS[kind](2)
        run = fit(model, random_images(20), Settings(3, batch_size=4, seed=seed))
        return copy_weights(model), run

    torch.manual_seed(1)
    weights, run = train(seed=7)
    torch.manual_seed(2)
    again, run_again = train(seed=7)
    other, run_other = train(seed=8)
    assert all(torch.equal(weights[name], again[name]) for name in weights)
    assert run.history == run_again.history != run_other.history
    assert not all(torch.equal(weights[name], other[name]) for name in weights)


def test_global_random_state_is_left_alone() -> None:
    before = torch.get_rng_state()
    fit(small_model(), random_images(), SHORT)
    assert torch.equal(torch.get_rng_state(), before)


def test_history_has_the_errors_of_its_steps() -> None:
    images, test_images = random_images(), random_images(7, 1)
    model = small_model()
    before = evaluate(model, images), evaluate(model, test_images)
    run = fit(model, images, SHORT, test_images=test_images)
    assert run.finished and run.step == SHORT.steps
    assert run.history.steps == list(range(0, SHORT.steps + 1, EVERY))
    assert (run.history.train_error[0], run.history.test_error[0]) == before
    assert run.history.train_error[-1] == evaluate(model, images)
    assert run.history.test_error[-1] == evaluate(model, test_images)
    assert len(run.history.train_error) == len(run.history.test_error) == len(run.history.steps)
    assert run.history.train_error[-1] < run.history.train_error[0]


def test_fit_works_without_test_images_and_does_not_learn_from_them() -> None:
    alone, measured = small_model(), small_model()
    run = fit(alone, random_images(), SHORT)
    fit(measured, random_images(), SHORT, test_images=random_images(7, 1))
    assert run.history.test_error == [] and len(run.history.train_error) > 1
    assert same_weights(alone, copy_weights(measured))


@pytest.mark.parametrize("steps", [1, 2, 19, 20, 21, 41])
def test_last_step_is_always_recorded(steps: int) -> None:
    run = fit(small_model(), random_images(), Settings(steps, batch_size=8))
    assert run.finished and run.history.steps[0] == 0 and run.history.steps[-1] == steps
    assert run.history.steps == sorted(set(run.history.steps))
    assert len(run.history.steps) <= training.N_RECORDS + 1


def test_long_data_sets_are_tracked_on_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "N_TRACKED", 10)
    images, model = random_images(35), small_model()
    run = fit(model, images, Settings(1))
    sample = training._sample(images)
    assert run.history.train_error[-1] == evaluate(model, sample)
    numbers = training._sample(torch.arange(35))  # as labels would be drawn
    assert torch.equal(images[numbers], sample)
    assert len(set(numbers.tolist())) == 10


def test_sample_is_of_one_sort_no_more_than_the_whole() -> None:
    numbers = training._sample(torch.arange(60_000))
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


def test_images_are_left_as_they_were() -> None:
    for images in (random_images(), to_float(random_images())):
        before = images.clone()
        fit(small_model(), images, SHORT)
        assert torch.equal(images, before)


def test_fit_takes_any_module() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 784), nn.Unflatten(1, (1, 28, 28)))
    run = fit(model, random_images(), SHORT)
    assert run.history.train_error[-1] < run.history.train_error[0]


# A known truth.


def pca_errors(train: Tensor, test: Tensor) -> tuple[float, float]:
    """The errors of scikit-learn's PCA with two components, fitted to the training images."""
    from sklearn.decomposition import PCA

    arrays = [to_float(images).flatten(1).numpy() for images in (train, test)]
    pca = PCA(2, svd_solver="covariance_eigh").fit(arrays[0])
    copies = (pca.inverse_transform(pca.transform(array)) for array in arrays)
    errors = [
        np.square(copy - array, dtype=np.float64).mean()
        for copy, array in zip(copies, arrays, strict=True)
    ]
    return errors[0], errors[1]


def check_against_pca(digits: Digits) -> None:
    """A linear model reaches PCA's error, and on the images it learnt from cannot pass it."""
    train, test = digits.train_images[:20_000], digits.test_images
    pca_train, pca_test = pca_errors(train, test)
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
    images, model, plain = random_images(), make_classifier(), make_classifier()
    labels = torch.arange(50) % 10
    run = fit(model, images, SHORT, labels=labels, loss=classification_loss)
    optimizer = make_optimizer(plain)
    for step, batch in enumerate(islice(draw_batches(50, SHORT), SHORT.steps), start=1):
        loss = nn.functional.cross_entropy(plain(images[batch].float() / 255), labels[batch])
        take_step(optimizer, loss, learning_rate(step, SHORT))
    assert same_weights(model, copy_weights(plain))
    with torch.no_grad():
        final = nn.functional.cross_entropy(plain(images.float() / 255), labels)
    assert run.history.train_error[-1] == pytest.approx(final.item(), rel=1e-5)
    assert run.history.train_error[-1] < run.history.train_error[0]


def test_labels_of_the_test_images_are_used_for_the_test_loss() -> None:
    images, model = random_images(), make_classifier()
    data = {"labels": torch.arange(50) % 10, "loss": classification_loss}
    right = torch.arange(7) % 10
    run = fit(model, images, SHORT, test_images=images[:7], test_labels=right, **data)
    with torch.no_grad():
        final = nn.functional.cross_entropy(model(images[:7].float() / 255), right)
    assert run.history.test_error[-1] == pytest.approx(final.item(), rel=1e-5)


def test_any_loss_can_be_made_small() -> None:
    def push_codes_apart(model: nn.Module, x: Tensor, labels: Tensor | None) -> Tensor:
        assert labels is None
        return -model.encode(x).tanh().square().mean()  # type: ignore[operator]

    model, images = small_model(), random_images()
    run = fit(model, images, SHORT, loss=push_codes_apart)
    assert run.history.train_error[-1] < run.history.train_error[0]


def test_evaluation_by_the_batch_weighs_every_image_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    images, labels = random_images(50), torch.arange(50) % 10
    whole = fit(make_classifier(), images, SHORT, labels=labels, loss=classification_loss)
    monkeypatch.setattr(training, "EVALUATION_BATCH", 7)
    parts = fit(make_classifier(), images, SHORT, labels=labels, loss=classification_loss)
    assert parts.history.train_error == pytest.approx(whole.history.train_error, rel=1e-5)


@pytest.mark.parametrize("shape", [(49,), (50, 1), ()])
def test_labels_that_do_not_fit_the_images_are_refused(shape: tuple[int, ...]) -> None:
    labels = torch.zeros(shape, dtype=torch.int64)
    with pytest.raises(ValueError) as caught:
        fit(make_classifier(), random_images(), SHORT, labels=labels, loss=classification_loss)
    check_message(caught.value, "training labels", str(shape), "50 images", "(50,)")


def test_classification_without_labels_is_refused() -> None:
    with pytest.raises(ValueError) as caught:
        fit(make_classifier(), random_images(), SHORT, loss=classification_loss)
    check_message(caught.value, "without labels", "Pass `labels`")


def test_linear_model_reaches_pca_on_mnist(mnist: Digits) -> None:
    check_against_pca(mnist)


def test_linear_model_reaches_pca_on_the_embedded_digits() -> None:
    """PCA's plane is the best there is for its own images: Baldi & Hornik 1989."""
    check_against_pca(load_digits("digits"))


# Stopping and going on.


def test_forward_calls_are_counted_right() -> None:
    assert count_forwards() == N_FORWARDS


@pytest.fixture(scope="module")
def whole() -> tuple[Autoencoder, TrainingRun]:
    """A model and its run that was never stopped, with test images; not to be changed."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    model = small_model()
    run = fit(model, random_images(), SHORT, test_images=random_images(7, 1))
    torch.set_num_threads(n_threads)
    return model, run


@examples(max_examples=15)
@given(number=st.integers(3, N_FORWARDS))  # the first two are the record before training
def test_interrupted_run_resumed_equals_one_never_stopped(
    number: int, whole: tuple[Autoencoder, TrainingRun]
) -> None:
    images, test_images = random_images(), random_images(7, 1)
    model = small_model()
    hook = call_at_forward(model, number, stop)
    run = fit(model, images, SHORT, test_images=test_images)
    hook.remove()
    assert not run.finished and run.step == run.history.steps[-1] < SHORT.steps
    earlier = deepcopy(run.history)
    check_holds_last_record(model, run)

    done = fit(model, images, SHORT, test_images=test_images, resume=run)
    assert done.finished and done.history == whole[1].history
    assert same_weights(model, copy_weights(whole[0]))
    assert run.history == earlier  # the run that was stopped is still there to go on from


def check_holds_last_record(model: nn.Module, run: TrainingRun) -> None:
    """Compare a stopped model with one trained by hand for as many steps as the run says."""
    images, plain = random_images(), small_model()
    optimizer = make_optimizer(plain)
    batches = islice(draw_batches(len(images), SHORT), run.step)
    for step, batch in enumerate(batches, start=1):
        x = to_float(images[batch])
        training.take_step(optimizer, reconstruction_error(plain(x), x), learning_rate(step, SHORT))
    assert same_weights(model, copy_weights(plain))
    n_records = run.step // EVERY + 1
    assert [len(v) for v in vars(run.history).values()] == [n_records] * 3
    assert run.history.train_error[-1] == evaluate(model, images)


@pytest.mark.parametrize("numbers", [(10, 12), (4, 3, 3), (20, 3, 20)])
def test_run_may_be_stopped_again_and_again(numbers: tuple[int, ...]) -> None:
    whole, model, run = small_model(), small_model(), None
    fit(whole, random_images(), SHORT)
    for number in numbers:
        hook = call_at_forward(model, number, stop)
        run = fit(model, random_images(), SHORT, resume=run)
        hook.remove()
        assert not run.finished
    model.load_state_dict(small_model(seed=9).state_dict())  # the run knows its own weights
    assert fit(model, random_images(), SHORT, resume=run).finished
    assert same_weights(model, copy_weights(whole))


@pytest.mark.parametrize("number", range(2, 14))
def test_record_is_made_whole_or_not_at_all(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stop button may come between a record's parts: here, at one of its copies."""
    whole, model, calls = small_model(), small_model(), 0
    fit(whole, random_images(), SHORT)

    def copy_or_stop(thing: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == number:
            raise KeyboardInterrupt
        return deepcopy(thing)

    with monkeypatch.context() as context:
        context.setattr(training, "deepcopy", copy_or_stop)
        try:
            run = fit(model, random_images(), SHORT)
        except KeyboardInterrupt:
            assert number <= 2  # in the record before training: there is nothing to keep yet
            assert same_weights(model, copy_weights(small_model()))
            return
    assert not run.finished
    assert run.step == run.history.steps[-1]
    assert run.history.train_error[-1] == evaluate(model, random_images())
    fit(model, random_images(), SHORT, resume=run)
    assert same_weights(model, copy_weights(whole))


def test_interruption_within_the_optimizers_step_leaves_no_half_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, whole = small_model(), small_model()
    fit(whole, random_images(), SHORT)
    take_step, steps = training.take_step, []

    def step_and_stop(*args: Any) -> None:
        take_step(*args)
        steps.append(1)
        if len(steps) == 8:
            raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(training, "take_step", step_and_stop)
        run = fit(model, random_images(), SHORT)
    assert run.step == 6
    fit(model, random_images(), SHORT, resume=run)
    assert same_weights(model, copy_weights(whole))


def test_interruption_tells_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    model = small_model()
    call_at_forward(model, 20, stop)
    run = fit(model, random_images(), SHORT)
    printed = capsys.readouterr().out
    assert f"step {run.step} of {SHORT.steps}" in printed and "`resume`" in printed
    assert len(printed.splitlines()) == 1


def test_finished_run_has_nothing_to_resume() -> None:
    model = small_model()
    run = fit(model, random_images(), SHORT)
    weights = copy_weights(model)
    again = fit(model, random_images(), SHORT, resume=run)
    assert again.finished and again.history == run.history and same_weights(model, weights)


@pytest.fixture
def stopped() -> tuple[Autoencoder, TrainingRun]:
    """A model and the run that was stopped while training it, with test images."""
    model = small_model()
    hook = call_at_forward(model, 30, stop)
    run = fit(model, random_images(), SHORT, test_images=random_images(7, 1))
    hook.remove()
    return model, run


@pytest.mark.parametrize(
    "change", [{"steps": 46}, {"batch_size": 17}, {"lr": 5.1e-3}, {"seed": 4}], ids=str
)
def test_resume_with_other_settings_is_refused(change: dict[str, Any], stopped: Any) -> None:
    model, run = stopped
    weights, history = copy_weights(model), deepcopy(run.history)
    other = Settings(**(vars(SHORT) | change))
    with pytest.raises(ValueError) as caught:
        fit(model, random_images(), other, test_images=random_images(7, 1), resume=run)
    check_message(caught.value, "resume: ", repr(SHORT), repr(other), "Pass the same")
    assert same_weights(model, weights) and run.history == history


def test_resume_with_another_model_or_other_images_is_refused(stopped: Any) -> None:
    model, run = stopped
    images, test_images = random_images(), random_images(7, 1)
    frozen = small_model()
    frozen.encoder.requires_grad_(False)
    wider = dense_autoencoder(2, widths=(13, 6))
    for other, train, test in [
        (wider, images, test_images),
        (linear_autoencoder(2), images, test_images),
        (frozen, images, test_images),
        (model, images[:-1], test_images),
        (model, images, test_images[:-1]),
        (model, images, None),
    ]:
        weights = copy_weights(other)
        with pytest.raises(ValueError) as caught:
            fit(other, train, SHORT, test_images=test, resume=run)
        check_message(caught.value, "resume: ", "another model", "other images", "Pass the same")
        assert same_weights(other, weights)


# Losses that are not finite.


@examples(max_examples=12)
@given(number=st.integers(3, N_FORWARDS), bad=st.sampled_from([math.nan, math.inf]))
def test_training_stops_at_the_first_loss_that_is_not_finite(number: int, bad: float) -> None:
    model, images = small_model(), random_images()
    call_at_forward(model, number, lambda output: output * bad)
    with pytest.raises(TrainingError) as caught:
        fit(model, images, SHORT, test_images=random_images(7, 1))
    check_message(caught.value, "at step ", "not finite", "learning rate", "0.005", "a tenth")
    calls_a_record = EVERY + 2
    n_records, position = divmod(number - 3, calls_a_record)
    step = n_records * EVERY
    what, where = ("loss", position + 1) if position < EVERY else ("error", EVERY)
    assert f"the {what} at step {step + where} is" in str(caught.value)
    assert f"holds the weights of step {step}." in str(caught.value)
    plain = small_model()
    with pytest.MonkeyPatch.context() as context:  # as far as the last record, by a stopped run
        context.setattr("builtins.print", lambda *args: None)
        call_at_forward(plain, 2 + step // EVERY * calls_a_record + 1, stop)
        fit(plain, images, SHORT, test_images=random_images(7, 1))
    assert all_finite(model) and same_weights(model, copy_weights(plain))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_weights_that_go_bad_are_taken_back(value: float) -> None:
    model = small_model()

    calls: list[int] = []

    def poison(*_: Any) -> None:
        calls.append(1)
        if len(calls) == 12:
            model.decoder[0].weight.data.fill_(value)

    model.register_forward_pre_hook(poison)
    with pytest.raises(TrainingError):
        fit(model, random_images(), SHORT)
    assert all_finite(model)


@pytest.mark.parametrize("kind", ["linear", "dense"])
@pytest.mark.parametrize("lr", [1e6, 1e20, 1e38, 1e200])
def test_absurd_learning_rate_leaves_finite_weights(kind: str, lr: float) -> None:
    model = BUILDERS[kind](2)
    try:
        run = fit(model, random_images(), Settings(40, batch_size=16, lr=lr))
    except TrainingError as error:
        check_message(error, f"it was {lr:g}")
    else:
        assert all(map(math.isfinite, run.history.train_error))
    assert all_finite(model)


def test_weights_that_were_bad_from_the_start_are_named() -> None:
    model = small_model()
    with torch.no_grad():
        model.decoder[0].weight[0, 0] = math.nan
    with pytest.raises(TrainingError) as caught:
        fit(model, random_images(), SHORT)
    check_message(caught.value, "error at step 0", "not finite")


# Evaluation.


@pytest.mark.parametrize("kind", BUILDERS)
@pytest.mark.parametrize("n", [1, 7, 23])
def test_evaluation_equals_a_plain_computation(
    kind: str, n: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "EVALUATION_BATCH", 5)  # several batches, the last one smaller
    model, images = BUILDERS[kind](2, seed=4), random_images(n)
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


def test_evaluation_that_fails_leaves_the_mode_alone() -> None:
    model = small_model()
    call_at_forward(model, 1, stop)
    with pytest.raises(KeyboardInterrupt):
        evaluate(model, random_images())
    assert model.training and model.decoder.training


def test_model_without_parameters_can_be_evaluated() -> None:
    assert evaluate(nn.Identity(), random_images()) == 0


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
        check_message(caught.value, f"{what}: got none", "(0, 1, 28, 28)", "at least one")


BAD_IMAGES: dict[str, tuple[Any, type[Exception], str]] = {
    "NumPy": (np.zeros((9, 1, 28, 28), np.float32), TypeError, "ndarray"),
    "list": ([[0.0]], TypeError, "list"),
    "float64": (torch.zeros(9, 1, 28, 28, dtype=torch.float64), TypeError, "float64"),
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
        model = small_model()
        with pytest.raises(kind) as caught:
            call(model, images, *([SHORT] if call is fit else []))
        check_message(caught.value, cause, "(N, 1, 28, 28)")
        assert same_weights(model, copy_weights(small_model())) and model.training


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
    with pytest.raises(ValueError) as caught:
        Settings(**({"steps": 10} | {name: value}))
    check_message(caught.value, f"{name}: got {value!r}", "Pass a ")


def test_settings_cannot_be_changed_later() -> None:
    with pytest.raises(AttributeError):
        SHORT.steps = 5  # type: ignore[misc]


# The learning rate.


@given(steps=st.integers(1, 3_000), lr=st.floats(1e-6, 10))
def test_learning_rate_rises_for_a_tenth_then_falls_and_stays_positive(
    steps: int, lr: float
) -> None:
    settings = Settings(steps, lr=lr)
    rates = [learning_rate(step, settings) for step in range(1, steps + 1)]
    top = max(1, steps // 10)
    assert max(rates) == rates[top - 1] == pytest.approx(lr, rel=1e-12)
    assert all(a < b for a, b in pairwise(rates[:top]))
    assert all(a > b for a, b in pairwise(rates[top - 1 :]))
    assert rates[-1] > 0
    # No jump: the steepest step of the rise, and of a half cosine over the rest.
    steepest = max(lr / top, lr * math.pi / 2 / (steps - top + 1))
    jumps = [abs(a - b) for a, b in zip([0.0, *rates], [*rates, 0.0], strict=True)]
    assert max(jumps) <= steepest * (1 + 1e-9)


# The batches.


@examples(max_examples=40)
@given(
    n_images=st.integers(1, 60),
    batch_size=st.integers(1, 70),
    seed=st.integers(0, 2**32 - 1),
)
def test_epoch_draws_no_image_twice(n_images: int, batch_size: int, seed: int) -> None:
    batch_size_drawn = min(batch_size, n_images)
    n_batches = n_images // batch_size_drawn
    batches = draw_batches(n_images, Settings(1, batch_size=batch_size, seed=seed))
    for _ in range(3):
        epoch = torch.cat(list(islice(batches, n_batches)))
        assert epoch.dtype == torch.int64 and len(epoch) == n_batches * batch_size_drawn
        assert len(epoch.unique()) == len(epoch)
        assert epoch.min() >= 0 and epoch.max() < n_images
        assert len(epoch) > n_images - batch_size_drawn


def test_every_epoch_and_every_seed_has_its_own_order() -> None:
    orders = []
    for seed in range(3):
        batches = draw_batches(40, Settings(1, batch_size=10, seed=seed))
        orders += [tuple(torch.cat(list(islice(batches, 4))).tolist()) for _ in range(3)]
    assert len(set(orders)) == 9
    assert all(sorted(order) == list(range(40)) for order in orders)


@examples(max_examples=30)
@given(skipped=st.integers(0, 25), seed=st.integers(0, 99))
def test_batches_can_be_taken_up_anywhere(skipped: int, seed: int) -> None:
    settings = Settings(1, batch_size=7, seed=seed)
    whole = list(islice(draw_batches(30, settings), 30))
    torch.rand(3)  # a random state outside plays no part
    later = list(islice(draw_batches(30, settings), skipped, 30))
    assert len(later) == 30 - skipped
    assert all(map(torch.equal, whole[skipped:], later))


def test_fewer_images_than_a_batch_are_all_drawn() -> None:
    batches = draw_batches(5, Settings(1, batch_size=256))
    for batch in islice(batches, 3):
        assert sorted(batch.tolist()) == list(range(5))
    run = fit(small_model(), random_images(5), Settings(4))
    assert run.finished


# The device.


def pretend(monkeypatch: pytest.MonkeyPatch, *, cuda: bool, mps: bool) -> None:
    """Let PyTorch find these devices."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_absent_device_gives_way_to_the_cpu_with_a_line(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pretend(monkeypatch, cuda=False, mps=False)
    assert choose_device(name) == torch.device("cpu")
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) == 1
    assert "Using the CPU because" in printed and f"'{name}'" in printed


@pytest.mark.parametrize(
    ("cuda", "mps", "wanted"),
    [(False, False, "cpu"), (True, False, "cuda"), (False, True, "mps"), (True, True, "cuda")],
)
def test_devices_that_are_there_are_chosen_in_silence(
    cuda: bool, mps: bool, wanted: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    pretend(monkeypatch, cuda=cuda, mps=mps)
    assert choose_device() == choose_device("auto") == torch.device(wanted)
    assert choose_device(wanted) == torch.device(wanted)
    assert choose_device("cpu") == torch.device("cpu")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", ["gpu", "CUDA", "cuda:0", "", "cpu "])
def test_unknown_device_is_refused(name: str) -> None:
    with pytest.raises(ValueError) as caught:
        choose_device(name)
    check_message(caught.value, "device: ", repr(name), "'auto', 'cpu', 'cuda' or 'mps'")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_training_on_cuda_can_be_stopped_and_resumed() -> None:
    whole, model = small_model().cuda(), small_model().cuda()
    fit(whole, random_images(), SHORT)
    hook = call_at_forward(model, 30, stop)
    run = fit(model, random_images(), SHORT)
    hook.remove()
    assert fit(model, random_images(), SHORT, resume=run).finished
    for mine, other in zip(model.parameters(), whole.parameters(), strict=True):
        assert mine.is_cuda
        torch.testing.assert_close(mine, other)
