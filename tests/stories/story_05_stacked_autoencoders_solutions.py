"""The solutions to notebook 5: what their text quotes, and what their figures must tell."""

NUMBER = r"(\d+\.\d+)"
ANY = r"\d+\.\d+"

QUOTATIONS = [
    (rf"ReLU network comes to {NUMBER}\.", lambda f: f["ReLU, jointly"]),
    (rf"in all, it comes to {NUMBER}:", lambda f: f["ReLU, fine-tuned"]),
    (rf"worse than the average image, {NUMBER}\.", lambda f: f["ReLU, unrolled"]),
    (rf"the same steps, and {NUMBER}:", lambda f: f["sigmoid, Glorot's weights"]),
    (rf"on the way up: {NUMBER}, {ANY} and", lambda f: f["probe 1, layer by layer"]),
    (rf"on the way up: {ANY}, {NUMBER} and", lambda f: f["probe 2, layer by layer"]),
    (rf"on the way up: {ANY}, {ANY} and {NUMBER} %", lambda f: f["probe 3, layer by layer"]),
    (rf"they keep them: {NUMBER}, {ANY} and", lambda f: f["probe 1, with labels"]),
    (rf"they keep them: {ANY}, {NUMBER} and", lambda f: f["probe 2, with labels"]),
    (rf"they keep them: {ANY}, {ANY} and {NUMBER} %", lambda f: f["probe 3, with labels"]),
]


def check(figures: dict[str, float], is_mnist: bool) -> None:
    """Hold the solutions to the checks that the exercises name."""
    f = figures
    assert f["probe 3, with labels"] > f["probe 1, with labels"] - 3
    assert f["probe 3, layer by layer"] < f["probe 3, with labels"]
    if is_mnist:
        assert f["ReLU, jointly"] < 0.02
        assert f["ReLU, jointly"] < f["ReLU, fine-tuned"] < f["ReLU, unrolled"]
        assert f["ReLU, unrolled"] > 0.0675  # the average image
        assert f["sigmoid, Glorot's weights"] < 0.6 * 0.0284  # the notebook's, of 2007
        assert f["probe 3, layer by layer"] < f["probe 1, layer by layer"] - 10
