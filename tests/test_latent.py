"""Latent space: codes, boxes, grids, lines, samples and distances, against simpler computations."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ae_utils import latent
from ae_utils.latent import (
    DataDistance,
    decode_points,
    encode_dataset,
    interpolate,
    latent_box,
    make_grid,
    sample_uniform,
)

coordinates = st.floats(-50, 50, width=32)


def random_codes(n: int = 60, latent_dim: int = 2, seed: int = 0) -> Tensor:
    """Codes from a normal distribution, (n, latent_dim)."""
    return torch.randn(n, latent_dim, generator=torch.Generator().manual_seed(seed))


def paint(points: Tensor) -> Tensor:
    """A decoder whose images tell their points: (B, 2) -> (B, 1, 28, 28)."""
    assert points.ndim == 2
    return points.sum(1).reshape(-1, 1, 1, 1).expand(-1, 1, 28, 28)


def check_refused(call, *parts: str) -> None:
    """Hold a refusal to its type, to three lines and to what it must name."""
    with pytest.raises(ValueError) as caught:
        call()
    assert 1 <= len(str(caught.value).splitlines()) <= 3
    for part in parts:
        assert part in str(caught.value)


# Encoding and decoding in batches.


@pytest.mark.parametrize("n", [1, 4, 5, 11])
def test_data_set_is_encoded_in_batches_as_a_whole(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latent, "BATCH", 5)
    images = torch.randint(0, 256, (n, 1, 28, 28), dtype=torch.uint8)
    sizes = []

    def encode(x: Tensor) -> Tensor:
        sizes.append(len(x))
        return x.flatten(1)[:, :3]

    codes = encode_dataset(encode, images)
    assert torch.equal(codes, images.flatten(1)[:, :3].float() / 255)
    assert max(sizes) <= 5 and sum(sizes) == n


def test_encoder_that_gives_one_code_a_batch_is_refused() -> None:
    images = torch.zeros(3, 1, 28, 28, dtype=torch.uint8)
    check_refused(lambda: encode_dataset(lambda x: x.mean((0, 2, 3))[None], images), "1 code", "3")


def test_encoding_keeps_no_gradients() -> None:
    layer = torch.nn.Linear(784, 2)
    images = torch.zeros(3, 1, 28, 28, dtype=torch.uint8)
    assert not encode_dataset(lambda x: layer(x.flatten(1)), images).requires_grad


@pytest.mark.parametrize("shape", [(7, 2), (3, 4, 2), (1, 1, 1, 2), (2,)])
def test_points_keep_their_layout(shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latent, "BATCH", 5)
    points = torch.arange(float(np.prod(shape))).reshape(shape)
    images = decode_points(paint, points)
    assert images.shape == (*shape[:-1], 1, 28, 28)
    assert torch.equal(images[..., 0, 0, 0], points.sum(-1))


# The box.


@settings(max_examples=30)
@given(n=st.integers(1, 200), coverage=st.floats(0.01, 1), seed=st.integers(0, 99))
def test_box_holds_the_share_of_codes_asked_for(n: int, coverage: float, seed: int) -> None:
    codes = random_codes(n, 3, seed)
    low, high = latent_box(codes, coverage)
    for axis in range(3):
        inside = ((codes[:, axis] >= low[axis]) & (codes[:, axis] <= high[axis])).sum().item()
        assert abs(inside - coverage * n) <= 2
        assert low[axis] in codes[:, axis] and high[axis] in codes[:, axis]


def test_full_coverage_is_the_whole_range() -> None:
    codes = random_codes(500)
    low, high = latent_box(codes, 1)
    assert torch.equal(low, codes.min(0).values) and torch.equal(high, codes.max(0).values)


@pytest.mark.parametrize("coverage", [0, -0.1, 1.1, float("nan")])
def test_share_out_of_range_is_refused(coverage: float) -> None:
    check_refused(lambda: latent_box(random_codes(), coverage), "coverage", "above 0")


def test_box_of_no_codes_is_refused() -> None:
    check_refused(lambda: latent_box(torch.zeros(0, 2)), "(0, 2)")


# The grid.


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
            wanted = (
                low[0] + size[0] * column / (n - 1),
                low[1] + size[1] * (n - 1 - row) / (n - 1),
            )
            assert grid[row, column].tolist() == pytest.approx(wanted, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize(
    ("low", "high"),
    [([0.0, 0], [0.0, 1]), ([1.0, 0], [0.0, 1]), ([0.0, 0, 0], [1.0, 1, 1]), ([0.0], [1.0])],
)
def test_box_that_is_none_of_the_plane_is_refused(low: list, high: list) -> None:
    check_refused(lambda: make_grid(torch.tensor(low), torch.tensor(high)), "box", "corners")


@pytest.mark.parametrize("n", [1, 0, -3])
def test_grid_of_too_few_points_is_refused(n: int) -> None:
    check_refused(lambda: make_grid(torch.zeros(2), torch.ones(2), n), f"n: got {n}")


# Samples and lines.


@settings(max_examples=20)
@given(n=st.integers(1, 50), latent_dim=st.integers(1, 8), seed=st.integers(0, 99))
def test_samples_lie_in_the_box_and_repeat(n: int, latent_dim: int, seed: int) -> None:
    low, high = torch.full((latent_dim,), -2.0), torch.arange(1.0, latent_dim + 1)
    points = sample_uniform(low, high, n, seed)
    assert points.shape == (n, latent_dim)
    assert (points >= low).all() and (points <= high).all()
    state = torch.get_rng_state()
    assert torch.equal(points, sample_uniform(low, high, n, seed))
    assert torch.equal(state, torch.get_rng_state())


def test_samples_fill_the_box_evenly() -> None:
    points = sample_uniform(torch.tensor([0.0, -1]), torch.tensor([4.0, 1]), 20_000)
    assert points.mean(0).tolist() == pytest.approx([2, 0], abs=0.05)
    assert points.std(0).tolist() == pytest.approx([4 / 12**0.5, 2 / 12**0.5], rel=0.03)


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
    step = (end - start) / (n - 1)
    for number, point in enumerate(points):
        torch.testing.assert_close(point, start + number * step, rtol=1e-4, atol=1e-3)


def test_line_between_different_spaces_is_refused() -> None:
    check_refused(lambda: interpolate(torch.zeros(2), torch.zeros(3), 5), "(2,)", "(3,)")
    check_refused(lambda: interpolate(torch.zeros(1, 2), torch.zeros(1, 2), 5), "(1, 2)")
    check_refused(lambda: interpolate(torch.zeros(2), torch.ones(2), 1), "n: got 1")


# Distance to the data.


def plain_distances(points: Tensor, codes: Tensor, k: int) -> Tensor:
    """The mean distance of each point to its `k` nearest codes, by sorting all of them."""
    return torch.cdist(points, codes).sort(1).values[:, :k].mean(1)


@settings(max_examples=15)
@given(latent_dim=st.integers(1, 8), k=st.integers(1, 12), seed=st.integers(0, 99))
def test_distance_equals_a_plain_computation(latent_dim: int, k: int, seed: int) -> None:
    codes, points = random_codes(80, latent_dim, seed), random_codes(9, latent_dim, seed + 100) * 3
    distance = DataDistance(codes, k)
    own = torch.cdist(codes, codes).sort(1).values[:, 1 : k + 1].mean(1)  # the first is itself
    assert distance.unit == pytest.approx(own.median().item(), rel=1e-3, abs=1e-4)
    wanted = plain_distances(points, codes, k) / own.median()
    torch.testing.assert_close(distance(points), wanted, rtol=1e-3, atol=1e-3)


def test_typical_code_is_at_about_one_and_the_far_are_far() -> None:
    distance = DataDistance(random_codes(2_000))
    assert 0.3 < distance(torch.zeros(1, 2)).item() < 1.1
    far = distance(torch.tensor([[10.0, 0], [100, 0]]))
    assert 50 < far[0] < far[1] and far[1] / far[0] == pytest.approx(97 / 7, rel=0.1)


@pytest.mark.parametrize("latent_dim", [1, 2, 5])
def test_nearest_code_is_the_nearest(latent_dim: int) -> None:
    codes, points = random_codes(50, latent_dim), random_codes(20, latent_dim, 1)
    nearest = DataDistance(codes).nearest(points)
    assert torch.equal(nearest, torch.cdist(points, codes).argmin(1))
    assert torch.equal(DataDistance(codes).nearest(codes), torch.arange(50))


@pytest.mark.parametrize("shape", [(10, 2), (0, 2), (20,)])
def test_too_few_codes_are_refused(shape: tuple[int, ...]) -> None:
    check_refused(lambda: DataDistance(torch.rand(shape)), str(shape), "more than 10")


def test_codes_that_coincide_are_refused() -> None:
    check_refused(lambda: DataDistance(torch.zeros(30, 2)), "coincide")
