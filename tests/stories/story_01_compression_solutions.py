"""The solutions to notebook 1: what their text quotes, and what their figures must tell."""

import pytest

QUOTATIONS = [
    (r"its error comes to (\S+) of PCA's", lambda f: f["ratio, 10 numbers"]),
    (r"of PCA's, (\S+) against", lambda f: f["test error, deep, 10 numbers"]),
    (r"against (\d\.\d+)\. With two", lambda f: f["test error, PCA, 10 numbers"]),
    (r"the test error, (\S+), has", lambda f: f["test error, deep without a bend"]),
    (r"down to PCA's (\d\.\d+)\.", lambda f: f["test error, PCA, 2 numbers"]),
]


def check(figures: dict[str, float], is_mnist: bool) -> None:
    """Hold the solutions to the checks that the exercises name."""
    assert figures["test error, deep without a bend"] > 0.99 * figures["test error, PCA, 2 numbers"]
    if is_mnist:
        assert figures["test error, PCA, 10 numbers"] == pytest.approx(0.034, rel=0.02)
        assert figures["ratio, 10 numbers"] < 0.5
