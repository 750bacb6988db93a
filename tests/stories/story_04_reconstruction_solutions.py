"""The solutions to notebook 4: what their text quotes, and what their figures must tell."""

QUOTATIONS = [
    (r"it is wrong on (\S+) % of them", lambda f: 100 * f["judge wrong, flagged"]),
    (r"of them, and on (\S+) % of all", lambda f: 100 * f["judge wrong, all"]),
    (r"images are (\S+) away", lambda f: f["noisy"]),
    (r"brings that down to (\d\.\d+)\.", lambda f: f["noisy, PCA, 32"]),
    (r"make it \*worse\*: (\d\.\d+),", lambda f: f["noisy, 2 numbers"]),
    (r"make it \*worse\*: \S+ (\d\.\d+) and", lambda f: f["noisy, 8 numbers"]),
    (r"make it \*worse\*: \S+ \S+ and (\d\.\d+)\.", lambda f: f["noisy, 32 numbers"]),
    (r"layer of 512 is at (\d\.\d+),", lambda f: f["a layer of 512"]),
    (r"layers of 128 at (\d\.\d+):", lambda f: f["layers of 128"]),
    (r"the ratio is (\d\.\d+)\.", lambda f: f["ratio"]),
    (r"came down to (\d\.\d+), by", lambda f: f["shipped"]),
]


def check(figures: dict[str, float], is_mnist: bool) -> None:
    """Hold the solutions to the checks that the exercises name."""
    assert figures["noisy, PCA, 32"] < 0.7 * figures["noisy"]
    if is_mnist:
        assert figures["judge wrong, flagged"] > 3 * figures["judge wrong, all"]
        for size in (2, 8, 32):
            assert figures[f"noisy, {size} numbers"] > figures["noisy"]
        assert figures["ratio"] < 2 / 3
        assert figures["shipped"] < figures["a layer of 512"] < figures["layers of 128"]
