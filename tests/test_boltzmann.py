"""Boltzmann machines, their likelihood and their stack, against enumeration and other ways."""

import math
from typing import Any

import pytest
import torch
from scipy.stats import chisquare
from torch import Tensor

from ae_utils.annealing import Bridge, anneal, anneal_backwards, make_betas
from ae_utils.boltzmann import BoltzmannMachine, ContrastiveDivergence, boltzmann_machine
from ae_utils.checkpoints import load_checkpoint, load_shipped, save_checkpoint
from ae_utils.data import DataSet, load_digits
from ae_utils.images import mean_image, to_float
from ae_utils.losses import evaluate
from ae_utils.machine_likelihood import (
    all_states,
    exact_log_z,
    log_likelihood,
    pseudo_log_likelihood,
)
from ae_utils.machine_stack import (
    MOMENTUM,
    GaussianMachine,
    make_machines,
    pretrain,
    sigmoid_autoencoder,
    unroll,
)
from ae_utils.training import Settings, fit
from ae_utils.variational import binarize
from tests.helpers import check_message, copy_weights, random_images, same_weights

pytestmark = pytest.mark.usefixtures("one_thread")

DIGITS = load_digits("digits")
MEAN = mean_image(DIGITS.train_images)
BINARY = binarize(DIGITS.test_images[:60])
SGD = torch.optim.SGD
SHORT = Settings(12, batch_size=16, lr=0.1)
V, H = all_states(8), all_states(5)  # of the tiny machine
HALF = torch.full((8,), 0.5)


def started(seed: int = 0) -> torch.Generator:
    """A generator of random numbers."""
    return torch.Generator().manual_seed(seed)


def tiny_machine(
    sd: float = 1.0, kind: type[BoltzmannMachine] = BoltzmannMachine
) -> BoltzmannMachine:
    """A machine of 8 x 5 units in 64 bits, small enough to enumerate, with weights of `sd`."""
    machine, generator = kind(8, 5).double(), started()
    with torch.no_grad():
        for weight in machine.parameters():
            weight.copy_(sd * torch.randn(weight.shape, generator=generator))
    return machine


def probabilities(machine: BoltzmannMachine) -> Tensor:
    """p(v) of all 256 pictures of a tiny machine, (256,)."""
    return (-machine.free_energy(V)).softmax(0).detach()


def gibbs_matrix(machine: BoltzmannMachine) -> Tensor:
    """The chance that a Gibbs step leads from one picture to another, (256, 256)."""
    up = chances_of(machine.hidden_mean(V), H)  # (256, 32)
    return (up @ chances_of(machine.visible_mean(H), V)).detach()


def chances_of(means: Tensor, states: Tensor) -> Tensor:
    """The chance of each state (S, n) of independent units with these means (N, n): (N, S)."""
    return (means.log() @ states.T + (1 - means).log() @ (1 - states).T).exp()


def statistics(machine: BoltzmannMachine, v: Tensor, share: Tensor) -> list[Tensor]:
    """The averages of h v', v and h over pictures with these shares, hidden units averaged out.

    In the order of the parameters: by hand what autograd makes of minus the free energy.
    """
    h = machine.hidden_mean(v)
    return [(share[:, None] * h).T @ v, share @ v, share @ h]


def assert_within(found: float, expected: float, error: float) -> None:
    """Hold a mean to 4 standard errors."""
    assert abs(found - expected) < 4 * error


@pytest.fixture(scope="module")
def trained() -> BoltzmannMachine:
    """A machine of 784 x 16 units that has learned something; no test changes it."""
    torch.set_num_threads(1)
    machine = boltzmann_machine(16, mean_image=MEAN)
    how = Settings(300, batch_size=64, lr=0.2)
    loss = ContrastiveDivergence(persistent=True)
    fit(machine, DIGITS.train_images, how, loss=loss, make_optimizer=SGD)
    return machine.eval().requires_grad_(False)


# Energies, and the sum over all states.


def test_three_ways_to_sum_over_all_states_agree() -> None:
    machine = tiny_machine()
    by_visible = (-machine.free_energy(V)).logsumexp(0).item()
    v, h = V.repeat_interleave(len(H), 0), H.repeat(len(V), 1)
    jointly = (-machine.energy(v, h)).logsumexp(0).item()
    assert by_visible == pytest.approx(jointly, abs=1e-12)
    assert exact_log_z(machine) == pytest.approx(jointly, abs=1e-12)
    turned = BoltzmannMachine(5, 8).double()  # its smaller layer is the visible one
    with torch.no_grad():
        turned.weight.copy_(machine.weight.T)
        turned.visible_bias.copy_(machine.hidden_bias)
        turned.hidden_bias.copy_(machine.visible_bias)
    assert exact_log_z(turned) == pytest.approx(jointly, abs=1e-12)


def test_energy_is_that_of_a_loop() -> None:
    machine, v, h = tiny_machine(), V[77], H[19]
    energy = 0.0
    for j in range(5):
        energy -= machine.hidden_bias[j].item() * h[j].item()
        energy -= sum(h[j].item() * machine.weight[j, i].item() * v[i].item() for i in range(8))
    energy -= sum(machine.visible_bias[i].item() * v[i].item() for i in range(8))
    assert machine.energy(v[None], h[None]).item() == pytest.approx(energy, abs=1e-12)


def test_free_energy_sums_over_hidden_states() -> None:
    machine = tiny_machine()
    each = torch.stack([-machine.energy(V, h.expand(len(V), -1)) for h in H], 1)  # (256, 32)
    torch.testing.assert_close(machine.free_energy(V), -each.logsumexp(1))
    torch.testing.assert_close(machine.hidden_mean(V), each.softmax(1) @ H)
    torch.testing.assert_close(machine.visible_mean(H), each.T.softmax(1) @ V)


def test_all_states_are_there_once() -> None:
    assert all_states(3).unique(dim=0).shape == all_states(3).shape == (8, 3)


# Chains.


def test_a_gibbs_step_keeps_the_models_distribution() -> None:
    machine = tiny_machine()
    p, step = probabilities(machine), gibbs_matrix(machine)
    torch.testing.assert_close(step.sum(1), torch.ones(256).double())
    flow = p[:, None] * step
    torch.testing.assert_close(flow, flow.T, rtol=1e-10, atol=1e-16)  # detailed balance
    torch.testing.assert_close(p @ step, p)


@pytest.mark.parametrize("n_steps", [1, 30])
def test_chains_go_where_the_matrix_says(n_steps: int) -> None:
    machine, start = tiny_machine(0.7), V[77]
    expected = gibbs_matrix(machine).matrix_power(n_steps)[77]
    ends = machine.run_chains(start.expand(50_000, -1), n_steps, started())
    counts = (ends @ (2.0 ** torch.arange(8)).double()).long().bincount(minlength=256)
    common = expected * 50_000 > 5
    observed = [*counts[common].tolist(), counts[~common].sum().item()]
    wanted = torch.cat([expected[common], expected[~common].sum()[None]])
    keep = wanted > 0
    assert chisquare(torch.tensor(observed)[keep], (50_000 * wanted)[keep]).pvalue > 1e-3


def test_noise_is_white_half_the_time_and_chains_repeat() -> None:
    machine = boltzmann_machine(3)
    noise = machine.draw_noise(40, started())
    assert noise.shape == (40, 784) and set(noise.unique().tolist()) == {0.0, 1.0}
    assert_within(noise.mean().item(), 0.5, 0.5 / math.sqrt(noise.numel()))
    one, again, other = (machine.run_chains(noise, 2, started(seed)) for seed in (1, 1, 2))
    assert torch.equal(one, again) and not torch.equal(one, other)
    assert torch.equal(machine.run_chains(noise, 0, started()), noise)


# As a model of the series.


def test_it_is_a_model_of_the_series(tmp_path: Any) -> None:
    machine, x = boltzmann_machine(12, mean_image=MEAN, seed=3).eval(), to_float(random_images(5))
    h = machine.encode(x)
    assert h.shape == (5, 12) and machine.latent_dim == 12
    assert torch.equal(machine(x), machine.decode(h)) and machine(x).shape == x.shape
    torch.testing.assert_close(h, (x.flatten(1) @ machine.weight.T).sigmoid())
    assert (machine.decode(torch.zeros(12)) - MEAN).abs().max() < 2e-3  # clamped where black
    loaded, _ = load_checkpoint(save_checkpoint(machine, tmp_path / "machine", {}))
    assert torch.equal(loaded(x), machine(x)) and "n_hidden=12" in str(loaded)


def test_weights_depend_on_the_seed_alone() -> None:
    state = torch.get_rng_state()
    one, again, other = (boltzmann_machine(30, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(state, torch.get_rng_state())
    assert same_weights(one, copy_weights(again)) and not same_weights(one, copy_weights(other))
    assert one.weight.std().item() == pytest.approx(0.01, rel=0.03)


# The gradient.


def test_gradient_of_the_likelihood_is_data_minus_model() -> None:
    machine, data = tiny_machine(), V[[3, 77, 200, 200]]
    log_z = (-machine.free_energy(V)).logsumexp(0)
    (-machine.free_energy(data) - log_z).mean().backward()
    of_data = statistics(machine, data, torch.full((4,), 0.25).double())
    of_model = statistics(machine, V, probabilities(machine))
    for weight, a, b in zip(machine.parameters(), of_data, of_model, strict=True):
        torch.testing.assert_close(weight.grad, a - b)


def bias_of_cd(sd: float, k: int) -> float:
    """How far the expected gradient of CD-k is from the likelihood's, as a share of that."""
    machine, share = tiny_machine(sd), torch.zeros(256).double()
    share[[3, 77, 200]] = 1 / 3
    reached = share @ gibbs_matrix(machine).matrix_power(k)
    data, model, chain = (
        torch.cat([each.flatten() for each in statistics(machine, V, p)])
        for p in (share, probabilities(machine), reached)
    )
    return ((model - chain).norm() / (data - model).norm()).item()


def test_bias_of_contrastive_divergence_grows_with_the_weights_and_falls_with_the_steps() -> None:
    by_weights = [bias_of_cd(sd, 1) for sd in (0.05, 0.5, 1.0, 2.0)]
    assert by_weights == sorted(by_weights) and by_weights[0] < 0.01 < 0.05 < by_weights[-1]
    by_steps = [bias_of_cd(1.0, k) for k in (1, 2, 5, 20)]
    assert by_steps == sorted(by_steps, reverse=True) and by_steps[-1] < 1e-3


@pytest.mark.parametrize("k", [1, 3])
def test_gradient_of_the_loss_is_that_of_its_chains(k: int) -> None:
    """Over many chains, against the expectation by enumeration."""
    machine, n, pieces = tiny_machine(), 10_000, []
    loss = ContrastiveDivergence(k)
    for _ in range(20):
        machine.zero_grad()
        loss(machine, V[[3, 77]].repeat(n // 2, 1)).backward()
        pieces.append(torch.cat([weight.grad.flatten() for weight in machine.parameters()]))
    share = torch.zeros(256).double()
    share[[3, 77]] = 0.5
    ends = share @ gibbs_matrix(machine).matrix_power(k)
    of_data, of_chains = statistics(machine, V, share), statistics(machine, V, ends)
    expected = [b - a for a, b in zip(of_data, of_chains, strict=True)]  # of what is made small
    found = torch.stack(pieces)
    error = found.std(0) / math.sqrt(len(found))
    off = (found.mean(0) - torch.cat([each.flatten() for each in expected])).abs()
    # Of 53 numbers, each with its error from 20 pieces, the worst may be off by a little more.
    assert (off < 5 * error + 1e-12).all() and (off < 4 * error).float().mean() > 0.9
    assert error.max() < 0.01


def test_grey_levels_stand_for_draws_if_pixels_are_not_binary() -> None:
    machine, x = boltzmann_machine(6, mean_image=MEAN), to_float(random_images(4))
    loss = ContrastiveDivergence(binary=False)
    value, v = loss(machine, x), x.flatten(1)
    made = machine.visible_mean(machine.draw_hidden(v, started()))
    expected = machine.free_energy(v).mean() - machine.free_energy(made).mean()
    torch.testing.assert_close(value, expected)


def test_persistent_chains_go_on_and_evaluation_leaves_them_alone() -> None:
    machine, x = boltzmann_machine(6, mean_image=MEAN), to_float(BINARY[:10])
    loss, generator = ContrastiveDivergence(k=2, persistent=True), started()
    loss(machine, x)
    torch.rand(10, 784, generator=generator)  # what the pixels of the batch have used up
    expected = machine.run_chains(x.flatten(1), 2, generator)
    assert torch.equal(loss.chains, expected) and not loss.chains.requires_grad
    before, state = loss.chains, loss._generator.get_state()
    one, again = (evaluate(machine, BINARY, loss=loss) for _ in range(2))
    assert one == again and loss.chains is before
    assert torch.equal(loss._generator.get_state(), state)
    torch.rand(10, 784, generator=generator)
    loss(machine, x.flip(0))
    assert torch.equal(loss.chains, machine.run_chains(expected, 2, generator))
    plain = ContrastiveDivergence()
    plain(machine, x)
    assert plain.chains is None


def test_no_gradient_passes_through_the_chains() -> None:
    machine = tiny_machine()
    loss = ContrastiveDivergence(persistent=True)
    loss(machine, V[:16]).backward()
    share = torch.full((16,), 1 / 16).double()
    of_data = statistics(machine, V[:16], share)
    of_chains = statistics(machine, loss.chains, share)
    for weight, a, b in zip(machine.parameters(), of_data, of_chains, strict=True):
        torch.testing.assert_close(weight.grad, b - a)


@pytest.mark.parametrize("persistent", [False, True])
def test_a_training_repeats_to_the_last_bit(persistent: bool) -> None:
    def train(seed: int = 0) -> BoltzmannMachine:
        machine = boltzmann_machine(8, mean_image=MEAN)
        loss = ContrastiveDivergence(persistent=persistent, seed=seed)
        fit(machine, DIGITS.train_images, SHORT, loss=loss, make_optimizer=SGD)
        return machine

    weights = copy_weights(train())
    assert same_weights(train(), weights) and not same_weights(train(1), weights)


def test_training_makes_images_more_likely(trained: BoltzmannMachine) -> None:
    untrained = boltzmann_machine(16, mean_image=MEAN)
    before, after = (
        log_likelihood(machine, BINARY, anneal(machine, MEAN.flatten(), 20, 100).log_z).mean()
        for machine in (untrained, trained)
    )
    assert after > before + 30
    assert pseudo_log_likelihood(trained, BINARY).mean() > after  # each pixel is told the others


# The likelihood.


def test_likelihoods_of_all_pictures_add_up_to_one() -> None:
    machine = tiny_machine()
    each = log_likelihood(machine, V, exact_log_z(machine))
    assert each.exp().sum().item() == pytest.approx(1, abs=1e-12)
    torch.testing.assert_close(each.exp(), probabilities(machine))


def test_without_weights_pixels_are_independent() -> None:
    machine = boltzmann_machine(9, mean_image=MEAN)
    with torch.no_grad():
        machine.weight.zero_()
        machine.hidden_bias.copy_(torch.randn(9, generator=started()))
    log_z = exact_log_z(machine.double())
    chances, x = machine.visible_bias.sigmoid(), to_float(BINARY).flatten(1)
    expected = torch.distributions.Bernoulli(chances).log_prob(x.double()).sum(1)
    torch.testing.assert_close(log_likelihood(machine, BINARY, log_z), expected)
    torch.testing.assert_close(pseudo_log_likelihood(machine, BINARY), expected)


def test_pseudo_likelihood_is_the_mean_of_the_estimates_by_one_pixel() -> None:
    machine = tiny_machine()
    joint = probabilities(machine).log()
    estimates = []
    for pixel in range(8):
        flipped = torch.arange(256) ^ 2**pixel
        estimates.append(8 * (joint - torch.logaddexp(joint, joint[flipped])))
    torch.testing.assert_close(pseudo_log_likelihood(machine, V), torch.stack(estimates).mean(0))


# Annealing.


def test_betas_rise_from_end_to_end() -> None:
    betas = make_betas(50)
    assert betas[0] == 0 and betas[-1] == 1 and (betas.diff() > 0).all()
    assert (betas.diff().diff() < 0).all()


@pytest.mark.parametrize("n_temperatures", [2, 10, 200])
def test_weights_average_to_the_ratio_of_the_sums(n_temperatures: int) -> None:
    machine, generator = tiny_machine(), started()
    bridge, betas = Bridge(machine, HALF), make_betas(n_temperatures)
    weights = bridge.lead(bridge.draw_at_0(20_000, generator), betas, generator)
    ratio = (weights + bridge.log_z_at_0 - exact_log_z(machine)).exp()
    assert_within(ratio.mean().item(), 1, ratio.std().item() / math.sqrt(len(ratio)))


def test_annealing_finds_log_z_between_forwards_and_backwards() -> None:
    """Each on average over many runs of few chains; the backward ones start at exact draws."""
    machine, generator, n = tiny_machine(), started(), 400
    bridge, betas, exact = Bridge(machine, HALF), make_betas(8), exact_log_z(machine)
    start = bridge.draw_at_0(5 * n, generator)
    drawn = V[probabilities(machine).multinomial(5 * n, True, generator=generator)]
    up = bridge.lead(start, betas, generator).view(n, 5).logsumexp(1)
    down = bridge.lead(drawn, betas.flip(0), generator).view(n, 5).logsumexp(1)
    low = bridge.log_z_at_0 + up - math.log(5)
    high = bridge.log_z_at_0 - down + math.log(5)
    for gap in (exact - low, high - exact):
        assert gap.mean() > -4 * gap.std() / math.sqrt(n)
    assert low.mean() < high.mean()


def test_annealing_of_a_tiny_machine_is_exact_within_its_error() -> None:
    machine = tiny_machine()
    exact = exact_log_z(machine)
    forwards = anneal(machine, HALF, 200, 500)
    assert_within(forwards.log_z, exact, forwards.error)
    drawn = V[probabilities(machine).multinomial(200, True, generator=started())]
    backwards = anneal_backwards(machine, HALF, drawn, 500)
    assert_within(backwards.log_z, exact, backwards.error)
    assert max(forwards.error, backwards.error) < 0.02
    assert anneal(machine, HALF, 200, 500) == forwards != anneal(machine, HALF, 200, 500, seed=1)


def test_annealing_of_a_trained_machine_is_near_the_exact_sum(trained: BoltzmannMachine) -> None:
    exact, chances = exact_log_z(trained), MEAN.flatten()
    assert anneal(trained, chances, 50, 500).log_z == pytest.approx(exact, abs=1.5)
    data = to_float(binarize(DIGITS.train_images[:50])).flatten(1)
    drawn = trained.run_chains(data, 300, started())
    assert anneal_backwards(trained, chances, drawn, 500).log_z == pytest.approx(exact, abs=1.5)


# The code layer of real numbers, and the stack.


def test_real_hidden_units_have_the_mean_and_variance_of_the_energy() -> None:
    """The density exp(-energy) along each hidden unit, summed over a fine grid."""
    machine, v = tiny_machine(kind=GaussianMachine), V[77:78]
    points, mean = torch.linspace(-9, 9, 2_001, dtype=torch.float64), machine.hidden_mean(v)[0]
    for unit in range(5):
        h = mean.detach().repeat(len(points), 1)
        h[:, unit] += points
        share = (-machine.energy(v, h)).softmax(0)
        torch.testing.assert_close(share @ h[:, unit], mean[unit])
        torch.testing.assert_close(share @ points.square(), torch.ones(()).double())
    drawn = machine.draw_hidden(v.expand(100_000, -1), started())
    assert ((drawn.mean(0) - mean).abs() < 4 / math.sqrt(100_000)).all()
    torch.testing.assert_close(drawn.T.cov(), torch.eye(5).double(), atol=0.02, rtol=0)


def test_free_energy_integrates_over_real_hidden_units() -> None:
    machine = GaussianMachine(8, 1).double()
    with torch.no_grad():
        for weight in machine.parameters():
            weight.copy_(torch.randn(weight.shape, generator=started()))
    points = torch.linspace(-30, 30, 6_001, dtype=torch.float64)
    each = torch.stack([-machine.energy(V, p.expand(len(V), 1)) for p in points], 1)
    torch.testing.assert_close(machine.free_energy(V), -(each.logsumexp(1) + math.log(0.01)))


SIZES = (784, 64, 24, 6)


def test_unrolled_machines_are_a_mean_field_up_and_down() -> None:
    machines, x = make_machines(SIZES, mean_image=MEAN), to_float(DIGITS.test_images[:6])
    model, units = unroll(machines), x.flatten(1)
    for machine in machines:
        units = machine.hidden_mean(units)
    torch.testing.assert_close(model.encode(x), units)
    for machine in reversed(machines):
        units = machine.visible_mean(units)
    torch.testing.assert_close(model(x), units.view_as(x))
    up, down = (
        [w for name, w in part.named_parameters() if "weight" in name]
        for part in (model.encoder, model.decoder)
    )
    assert all(torch.equal(a, b.T) for a, b in zip(up, reversed(down), strict=True))
    weights = copy_weights(machines[0])
    fit(model, DIGITS.train_images, SHORT)
    assert same_weights(machines[0], weights)  # fine-tuning changes copies


def test_machines_are_trained_one_by_one_on_the_units_below() -> None:
    machines = make_machines(SIZES, mean_image=MEAN)
    before = evaluate(unroll(machines), DIGITS.test_images)
    starts = [copy_weights(machine) for machine in machines]
    how = [Settings(300, 32, lr) for lr in (0.1, 0.1, 0.02)]
    histories = pretrain(machines, DIGITS.train_images, how)
    assert [history.steps[-1] for history in histories] == [300] * 3
    assert not any(map(same_weights, machines, starts))
    assert evaluate(unroll(machines), DIGITS.test_images) < 0.6 * before
    first = make_machines(SIZES, mean_image=MEAN)[0]
    loss = ContrastiveDivergence(binary=False)
    fit(first, DIGITS.train_images, how[0], loss=loss, make_optimizer=MOMENTUM)
    assert same_weights(machines[0], copy_weights(first))


def test_starting_weights_of_the_network_keep_the_signal_alive() -> None:
    model = sigmoid_autoencoder()
    assert [w.shape[0] for w in model.parameters()][::2] == [
        1000,
        500,
        250,
        30,
        250,
        500,
        1000,
        784,
    ]
    assert model.encode(to_float(DIGITS.test_images[:100])).std(0).min() > 0.1


# What comes with the package.


def test_shipped_machines_are_nats_apart_which_the_monitors_hardly_see() -> None:
    (good, by), (spoilt, by_spoilt) = load_shipped("boltzmann"), load_shipped("boltzmann_cd1")
    assert isinstance(good, BoltzmannMachine) and isinstance(spoilt, BoltzmannMachine)
    for figures in (by, by_spoilt):
        assert figures["log_likelihood"] == pytest.approx(
            figures["log_likelihood_backwards"], abs=0.5
        )
        assert max(figures[f"log_likelihood{way}_error"] for way in ("", "_backwards")) < 0.2
    assert by["log_likelihood"] > -85.3
    assert by_spoilt["log_likelihood"] < by["log_likelihood"] - 50
    assert abs(by_spoilt["pseudo_log_likelihood"] - by["pseudo_log_likelihood"]) < 5
    assert max(by["test_error"], by_spoilt["test_error"]) < 0.005


@pytest.mark.parametrize("name", ["boltzmann", "boltzmann_cd1"])
def test_shipped_machine_scores_what_it_says(name: str, mnist: DataSet) -> None:
    machine, about = load_shipped(name)
    images = binarize(mnist.test_images)
    of_all = log_likelihood(machine, images, 0).mean().item() - about["log_likelihood"]
    estimate = anneal(machine, mean_image(mnist.train_images).flatten(), 50, 300)
    assert estimate.log_z == pytest.approx(of_all, abs=4)


# What is refused.


def bad_images() -> Tensor:
    """Images with pixels outside 0..1."""
    return 2 * torch.ones(2, 1, 28, 28)


SMALL = boltzmann_machine(4)
EIGHT = boltzmann_machine(5, n_visible=8)
BAD = [
    (lambda: boltzmann_machine(0), ValueError, "n_hidden: got 0"),
    (lambda: boltzmann_machine(2.0), TypeError, "n_hidden: got 2.0"),
    (lambda: boltzmann_machine(2, n_visible=0), ValueError, "n_visible: got 0"),
    (lambda: boltzmann_machine(2, n_visible=8, mean_image=MEAN), ValueError, "the machine 8"),
    (lambda: boltzmann_machine(2, mean_image=MEAN * 9), ValueError, "mean_image"),
    (lambda: SMALL.encode(bad_images()), ValueError, "images: values run from 2"),
    (lambda: SMALL(BINARY), TypeError, "`to_float` converts"),
    (lambda: SMALL.decode(torch.zeros(2, 3)), ValueError, "Pass shape (N, 4)"),
    (lambda: SMALL.run_chains(torch.zeros(2, 784), -1, started()), ValueError, "n_steps: got -1"),
    (lambda: SMALL.draw_noise(0, started()), ValueError, "n: got 0"),
    (lambda: ContrastiveDivergence(0), ValueError, "k: got 0"),
    (lambda: ContrastiveDivergence(seed=0.5), TypeError, "seed: got 0.5"),
    (lambda: all_states(25), ValueError, "n: got 25"),
    (lambda: exact_log_z(boltzmann_machine(30)), ValueError, "units of the smaller layer: got 30"),
    (lambda: exact_log_z(GaussianMachine(8, 5)), TypeError, "model: got GaussianMachine"),
    (lambda: log_likelihood(SMALL, bad_images(), 0), ValueError, "pixels from 2 to 2"),
    (lambda: log_likelihood(SMALL, torch.rand(2, 784), 0), ValueError, "`binarize` the images"),
    (lambda: log_likelihood(EIGHT, BINARY, 0), ValueError, "784 pixels; the model has 8"),
    (lambda: pseudo_log_likelihood(SMALL, random_images(2)), ValueError, "`binarize` the images"),
    (lambda: anneal(EIGHT, HALF[:3]), ValueError, "chances: got shape (3,)"),
    (lambda: anneal(EIGHT, 2 * HALF + 1), ValueError, "chances: they run from 2 to 2"),
    (lambda: anneal(EIGHT, HALF, 1), ValueError, "n_chains: got 1"),
    (lambda: anneal(EIGHT, HALF, 5, 1), ValueError, "n_temperatures: got 1"),
    (lambda: anneal(EIGHT, HALF, seed=-1), ValueError, "seed: got -1"),
    (lambda: anneal_backwards(EIGHT, HALF, torch.rand(5, 8)), ValueError, "0 or 1"),
    (lambda: make_machines((784,)), ValueError, "sizes: got [784]"),
    (lambda: sigmoid_autoencoder((5, 3)), ValueError, "Pass 784 first"),
    (lambda: pretrain(make_machines(SIZES), BINARY, [SHORT]), ValueError, "got 1 for 3 machines"),
]


@pytest.mark.parametrize(("call", "kind", "part"), BAD, ids=[part for *_, part in BAD])
def test_bad_arguments_are_refused(call: Any, kind: type[Exception], part: str) -> None:
    with pytest.raises(kind) as caught:
        call()
    check_message(caught.value, part)
