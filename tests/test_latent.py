"""Latent space: codes, boxes, grids, lines, samples, limits and distances, against simpler sums."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ae_utils.distance import DataDistance, name_place, place_levels, view_point
from ae_utils.latent import (
    N_STEPS,
    choose_limits,
    decode_points,
    encode_dataset,
    interpolate,
    latent_box,
    limits_around,
    make_grid,
    sample_uniform,
)
from tests.helpers import random_images

coordinates = st.floats(-50, 50, width=32)


def random_codes(n: int = 60, latent_dim: int = 2, seed: int = 0) -> Tensor:
    """Codes from a normal distribution, (n, latent_dim)."""
    return torch.randn(n, latent_dim, generator=torch.Generator().manual_seed(seed))


def paint(points: Tensor) -> Tensor:
    """A decoder whose images tell their points: (B, latent_dim) -> (B, 1, 28, 28)."""
    assert points.ndim == 2
    return points.sum(1).reshape(-1, 1, 1, 1).expand(-1, 1, 28, 28)


IMAGES = torch.zeros(3, 1, 28, 28, dtype=torch.uint8)
LOW, HIGH, DISTANCE = torch.zeros(2), torch.ones(2), DataDistance(random_codes())
REFUSALS = [
    (lambda: encode_dataset(lambda x: x.mean((0, 2, 3))[None], IMAGES), r"\(1, 1\).* 3"),
    (lambda: latent_box(random_codes(), 0), "coverage: got 0.*above 0"),
    (lambda: latent_box(random_codes(), 1.1), "coverage: got 1.1"),
    (lambda: latent_box(random_codes(), math.nan), "coverage: got nan"),
    (lambda: latent_box(torch.zeros(0, 2)), r"codes.*\(0, 2\)"),
    (lambda: make_grid(torch.tensor([1.0, 0]), HIGH), "box: got corners .*below"),
    (lambda: make_grid(torch.tensor([2.0, 0]), HIGH), "box: got corners"),
    (lambda: make_grid(torch.zeros(3), torch.ones(3)), "box: got corners"),
    (lambda: make_grid(torch.zeros(1), torch.ones(1)), "box: got corners"),
    (lambda: make_grid(LOW, HIGH, 1), "n: got 1"),
    (lambda: make_grid(LOW, HIGH, -3), "n: got -3"),
    (lambda: interpolate(LOW, torch.zeros(3), 5), r"line.*\(2,\).*\(3,\)"),
    (lambda: interpolate(LOW[None], HIGH[None], 5), r"line.*\(1, 2\)"),
    (lambda: interpolate(LOW, HIGH, 1), "n: got 1"),
    (lambda: DataDistance(torch.rand(10, 2)), r"\(10, 2\).*N > 10"),
    (lambda: DataDistance(torch.rand(20)), r"\(20,\).*N > 10"),
    (lambda: DataDistance(torch.zeros(30, 2)), "coincide"),
    (lambda: view_point(lambda z: paint(z / 0), DISTANCE, LOW), "not f"),  # NaN
    (lambda: view_point(lambda z: paint(z / 0), DISTANCE, HIGH), "not f"),
]


@pytest.mark.parametrize(("call", "named"), REFUSALS, ids=[named for _, named in REFUSALS])
def test_bad_input_is_refused_by_name_in_three_lines_at_most(call, named: str) -> None:
    with pytest.raises(ValueError, match=named) as caught:
        call()
    assert len(str(caught.value).splitlines()) <= 3


@pytest.mark.parametrize("n", [1, 2_001])
def test_data_set_is_encoded_in_batches_as_a_whole(n: int) -> None:
    images, sizes = random_images(n), []
    codes = encode_dataset(lambda x: sizes.append(len(x)) or x.flatten(1)[:, :3], images)
    assert torch.equal(codes, images.flatten(1)[:, :3].float() / 255)
    assert max(sizes) <= 2_000 and sum(sizes) == n


@pytest.mark.parametrize("shape", [(7, 2), (50, 50, 2), (1, 1, 1, 2), (2,)])
def test_points_keep_their_layout(shape: tuple[int, ...]) -> None:
    points = torch.arange(float(np.prod(shape))).reshape(shape)
    images = decode_points(paint, points)
    assert images.shape == (*shape[:-1], 1, 28, 28)
    assert torch.equal(images[..., 0, 0, 0], points.sum(-1))


@settings(max_examples=30)
@given(n=st.integers(1, 200), coverage=st.floats(0.01, 1) | st.just(1), seed=st.integers(0, 99))
def test_box_holds_the_share_of_codes_asked_for(n: int, coverage: float, seed: int) -> None:
    codes = random_codes(n, 3, seed)
    low, high = latent_box(codes, coverage)
    inside = ((codes >= low) & (codes <= high)).sum(0)
    assert (inside - coverage * n).abs().max() <= 2 and (coverage < 1 or inside.min() == n)
    assert ((codes == low).any(0) & (codes == high).any(0)).all()
    below, above = (codes < low).sum(0), (codes > high).sum(0)
    assert torch.equal(below, above)


@settings(max_examples=30)
@given(
    low=st.tuples(coordinates, coordinates),
    size=st.tuples(st.floats(0.5, 20), st.floats(0.5, 20)),
    n=st.integers(2, 9),
)
def test_grid_is_laid_out_like_a_map(low: tuple, size: tuple, n: int) -> None:
    corner = torch.tensor(low)
    grid = make_grid(corner, corner + torch.tensor(size), n)
    assert grid.shape == (n, n, 2)
    for row in range(n):
        for column in range(n):
            shares = column / (n - 1), (n - 1 - row) / (n - 1)
            wanted = [low[axis] + size[axis] * shares[axis] for axis in range(2)]
            assert grid[row, column].tolist() == pytest.approx(wanted, rel=1e-4, abs=1e-4)


def test_samples_fill_the_box_evenly_and_repeat() -> None:
    low, high, state = torch.tensor([0.0, -1, 5]), torch.tensor([4.0, 1, 7]), torch.get_rng_state()
    points = sample_uniform(low, high, 20_000, 3)
    assert points.shape == (20_000, 3) and (points >= low).all() and (points <= high).all()
    assert points.mean(0).tolist() == pytest.approx([2, 0, 6], abs=0.05)
    assert points.std(0).tolist() == pytest.approx([4 / 12**0.5, *[2 / 12**0.5] * 2], rel=0.03)
    assert torch.equal(points, sample_uniform(low, high, 20_000, 3))
    assert not torch.equal(points, sample_uniform(low, high, 20_000, 4))
    assert torch.equal(state, torch.get_rng_state())


@settings(max_examples=50)
@given(
    ends=st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=8),
    n=st.integers(2, 12),
)
def test_line_hits_its_ends_exactly_and_is_even(ends: list, n: int) -> None:
    start, end = torch.tensor(ends).T
    points = interpolate(start, end, n)
    assert points.shape == (n, len(ends))
    assert torch.equal(points[0], start) and torch.equal(points[-1], end)
    wanted = start + torch.arange(n).unsqueeze(1) * (end - start) / (n - 1)
    torch.testing.assert_close(points, wanted, rtol=1e-4, atol=1e-3)


# Limits of sliders.


def browser_value(value: float, low: float, high: float, step: float) -> float:
    """What the slider of ipywidgets' front end (noUiSlider) makes of a value: it counts in %."""
    percent = (value + abs(low) if low < 0 else value - low) * 100 / (high - low)
    step_percent = step * 100 / (high - low)
    percent = math.floor(percent / step_percent + 0.5) * step_percent
    return percent * (high - low) / 100 + low


@given(st.floats(-100, 100), st.just(0) | st.floats(1e-3, 1e3))
def test_browser_computes_every_step_of_a_slider_exactly(start: float, width: float) -> None:
    assert browser_value(-3.5 + 38 * 0.05, -3.5, 3.5, 0.05) != -3.5 + 38 * 0.05  # plain decimals
    low, high, step = choose_limits(start, start + width)
    assert low <= start and start + width <= high
    assert high - low < (1.7 * width or 2)
    assert math.log2(step).is_integer()
    assert (high - low) / step in N_STEPS
    for number in range(round((high - low) / step) + 1):
        value = low + number * step
        assert browser_value(value, low, high, step) == value
        assert float(np.float32(value)) == value or abs(value) > 16


def test_sliders_reach_an_eighth_beyond_nearly_all_codes() -> None:
    codes = torch.stack((torch.linspace(-4, 4, 1_001), torch.linspace(0, 1, 1_001)), dim=1)
    ends = ((-4.9, 4.9), (-0.11, 1.11))
    for (low, high, step), (first, last) in zip(limits_around(codes), ends, strict=True):
        assert first - 8 * step < low <= first and last <= high < last + 8 * step


# Distance to the data.


@settings(max_examples=15)
@given(latent_dim=st.integers(1, 8), k=st.integers(1, 12), seed=st.integers(0, 99))
def test_distance_and_nearest_equal_a_plain_computation(latent_dim: int, k: int, seed: int) -> None:
    codes, points = random_codes(80, latent_dim, seed), random_codes(9, latent_dim, seed + 100) * 3
    distance = DataDistance(codes, k)
    own, far = (torch.cdist(each.double(), codes.double()).sort(1) for each in (codes, points))
    unit = own.values[:, 1 : k + 1].mean(1).median()  # the first is the code itself
    assert distance.unit == pytest.approx(unit.item(), rel=1e-3)
    wanted = (far.values[:, :k].mean(1) / unit).float()
    torch.testing.assert_close(distance(points), wanted, rtol=1e-5, atol=1e-5)
    assert torch.equal(distance.nearest(points), far.indices[:, 0])
    assert torch.equal(distance.nearest(codes), torch.arange(80))


@pytest.mark.parametrize("latent_dim", [2, 8])
def test_most_codes_lie_among_the_data_and_few_lie_far_out(latent_dim: int) -> None:
    codes = random_codes(2_000, latent_dim)
    distance = DataDistance(codes)
    levels = place_levels(distance, codes)
    places = [name_place(number, levels) for number in distance(codes).tolist()]
    assert 0.93 < places.count("among the data") / 2_000 < 0.97
    assert 0.97 < 1 - places.count("far from all data") / 2_000 < 1


def test_places_are_named_by_distance() -> None:
    words = [name_place(distance, [2, 5]).split()[0] for distance in (0, 2, 2.1, 5, 5.1, 1e9)]
    assert words == ["among", "among", "at", "at", "far", "far"]


def test_a_point_is_viewed_without_widgets() -> None:
    codes = random_codes()
    distance = DataDistance(codes)
    view = view_point(paint, distance, codes[7])
    assert torch.equal(view.image, codes[7].sum().expand(28, 28))
    assert view.nearest == 7
    assert view.distance == distance(codes[7:8]).item()
    assert view_point(paint, distance, codes[7] + 50).distance > 10
