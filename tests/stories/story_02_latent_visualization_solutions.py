"""The solutions to notebook 2: what their text quotes, and what their figures must tell."""

import pytest

QUOTATIONS = [
    (r"Ten labels name (\S+) of the", lambda f: f["k-NN accuracy, 10 labels"]),
    (r"unluckiest draw differ by (\d\.\d+)\.", lambda f: f["spread, 10 labels"]),
    (r"A hundred name (\S+), a thousand", lambda f: f["k-NN accuracy, 100 labels"]),
    (r"a thousand (\S+), and all", lambda f: f["k-NN accuracy, 1000 labels"]),
    (r"no more than (\d\.\d+)\.", lambda f: f["k-NN accuracy, 60000 labels"]),
    (r"farthest code lies (\S+) from", lambda f: f["farthest code, silu"]),
    (r"with tanh (\d\.\d+)\. Tanh", lambda f: f["farthest code, tanh"]),
    (r"lower error here, (\S+) against", lambda f: f["test error, silu"]),
    (r"here, \S+ against (\S+), and", lambda f: f["test error, tanh"]),
    (r"are close, (\S+) and", lambda f: f["k-NN accuracy, silu"]),
    (r"are close, \S+ and (\d\.\d+)\.", lambda f: f["k-NN accuracy, tanh"]),
    (r"k-NN accuracy is (\S+), just as", lambda f: f["k-NN accuracy after A"]),
    (r"k-NN accuracy is (\S+), just as", lambda f: f["k-NN accuracy before A"]),
]
UNSTABLE = r"(tanh|silu)$"  # two networks trained there and then


def check(figures: dict[str, float], is_mnist: bool) -> None:
    """Hold the solutions to the checks that the exercises name."""
    assert figures["reconstructions unchanged"]
    assert figures["k-NN accuracy, 10 labels"] < figures["k-NN accuracy, 100 labels"]
    if is_mnist:
        everybody = figures["k-NN accuracy, 60000 labels"]
        assert figures["k-NN accuracy, 100 labels"] == pytest.approx(0.7, abs=0.05)
        assert everybody - 0.03 < figures["k-NN accuracy, 1000 labels"] < everybody
        assert figures["farthest code, silu"] > 2 * figures["farthest code, tanh"]
        silu, tanh = figures["k-NN accuracy, silu"], figures["k-NN accuracy, tanh"]
        assert silu == pytest.approx(tanh, abs=0.05)
        assert figures["0 at the upper left"]
        assert figures["1 at the lower right"]
        assert figures["k-NN accuracy after A"] == pytest.approx(
            figures["k-NN accuracy before A"], abs=0.01
        )
