"""The solutions to notebook 3: what their text quotes, and what their figures must tell."""

import pytest

QUOTATIONS = [
    (r"90 % sure of (\d+) % of the box", lambda f: 100 * f["sure, p = 1"]),
    (r"here it is only of (\d+) %", lambda f: 100 * f["90 % sure, evenly from the box"]),
    (r"The judge is sure of (\d+) %", lambda f: 100 * f["90 % sure, from the mixture"]),
    (r"real codes' \((\d+) %\)", lambda f: 100 * f["90 % sure, codes of test images"]),
    (r"comes up on (\d+) lines", lambda f: f["third digit, 8 numbers"]),
    (r"where it was (\d+)\.", lambda f: f["third digit, 2 numbers"]),
    (r"lower error for all (\d+) digits", lambda f: f["average image wins"]),
    (r"But (\d) of the ten are another", lambda f: f["named wrongly, average code"]),
    (r"The error is (\S+) each time", lambda f: f["error, p = 1"]),
    (r"1s grows from (\S+) %", lambda f: 100 * f["ones, p = 0.5"]),
    (r"over (\S+) % to", lambda f: 100 * f["ones, p = 1"]),
    (r"over \S+ % to (\d+) %", lambda f: 100 * f["ones, p = 2"]),
    (r"is sure of (\d\S+) %, ", lambda f: 100 * f["sure, p = 0.5"]),
    (r"%, (\d\S+) % or", lambda f: 100 * f["sure, p = 1"]),
    (r"or (\d\S+) % of the pictures", lambda f: 100 * f["sure, p = 2"]),
]


def check(figures: dict[str, float], is_mnist: bool) -> None:
    """Hold the solutions to the checks that the exercises name."""
    for p in (0.5, 2):
        assert figures[f"error, p = {p}"] == pytest.approx(figures["error, p = 1"], rel=1e-5)
    box = figures["90 % sure, evenly from the box"]
    assert box < figures["90 % sure, from the mixture"]
    if is_mnist:
        assert box == pytest.approx(0.75, abs=0.05)
        real = figures["90 % sure, codes of test images"]
        assert figures["90 % sure, from the mixture"] > real - 0.02
        assert figures["third digit, 8 numbers"] < figures["third digit, 2 numbers"]
        assert figures["average image wins"] == 10
        assert figures["named wrongly, average code"] == 2
        assert figures["ones, p = 2"] > 3 * figures["ones, p = 0.5"]
