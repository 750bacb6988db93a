"""Notebook 4: what its text quotes, and the story that its figures must tell."""

import pytest


def percent(name: str, of: str | None = None):
    """A figure in per cent, or a figure as a percentage of another."""
    return lambda f: 100 * f[name] / (f[of] if of else 1)


def figure(name: str):
    """A figure as it is."""
    return lambda f: f[name]


def ratio(name: str, of: str):
    """One figure divided by another."""
    return lambda f: f[name] / f[of]


QUOTATIONS = [
    (r"A 1 costs (\S+),", figure("test error, the 1")),
    (r"average image's (\d\.\d+);", figure("test error, 2 numbers")),
    (r"costs the most, (\d\.\d+)\.", figure("test error, the 2")),
    (r"blank sheet errs by (\S+) on a 1", figure("blank sheet's error, the 1")),
    (r"as a share: (\d+) % of the blank", percent("share of blank, place 1")),
    (r"the others keep (\d+) to 36 %", percent("share of blank, place 2")),
    (r"the others keep 23 to (\d+) %", percent("share of blank, place 10")),
    (r"and (\d+) % of its average's", percent("share of average, place 1")),
    (r"the others keep (\d+) to 74 %", percent("share of average, place 2")),
    (r"the others keep 54 to (\d+) %", percent("share of average, place 10")),
    (r"so is (\d+) % of the best tenth", percent("ones in the best tenth")),
    (r"The judge is right on (\S+) %", percent("judge right on inputs")),
    (r"Of the outputs, (\d+) % keep", percent("names kept")),
    (r"the 4 in (\d+) % of the cases", percent("names kept, the 4")),
    (r"than the 0: (\d\.\d+) for both", figure("test error, the 0")),
    (r"than the 0: (\d\.\d+) for both", figure("test error, the 4")),
    (r"Every fourth 4 \((\d+) %\)", percent("4 turned into 9")),
    (r"Names kept: (\S+) % with two", percent("names kept, 2 numbers")),
    (r"(\S+) % with eight", percent("names kept, 8 numbers")),
    (r"(\S+) % with 32\.", percent("names kept, 32 numbers")),
    (r"its error is (\S+) of PCA's", ratio("error, 32 numbers", "error, 32 numbers, PCA")),
    (r"shrink at 64, with (\d\.\d+)\.", ratio("error, 64 numbers", "error, 64 numbers, PCA")),
    (r"numbers takes PCA (\d+), 38", figure("PCA's numbers for 2")),
    (r"numbers takes PCA 10, (\d+) and", figure("PCA's numbers for 8")),
    (r"numbers takes PCA 10, 38 and (\d+)\.", figure("PCA's numbers for 64")),
    (r"That is (\S+), 4", lambda f: f["PCA's numbers for 2"] / 2),
    (r"That is 5\.0, (\S+) and", lambda f: f["PCA's numbers for 8"] / 8),
    (r"That is 5\.0, 4\.8 and (\S+) times", lambda f: f["PCA's numbers for 64"] / 64),
    (r"error is (\S+) on the training images", figure("training error, 64 numbers")),
    (r"training images, and (\S+) on the test", figure("error, 64 numbers")),
    (r"Between (\d) and 7 bits", figure("bits that suffice, 8 numbers")),
    (r"Between 5 and (\d) bits", figure("bits that suffice, 2 numbers")),
    (r"a code number is worth about (\d) bits", figure("bits that suffice, 32 numbers")),
    (r"code of two numbers (\d+) bits in all", lambda f: 2 * f["bits that suffice, 2 numbers"]),
    (r"A blank image takes (\S+) bits", figure("bits, blank JPEG")),
    (r"it starts at (\d+) bits a digit", figure("bits, JPEG 1")),
    (r"PCA is ahead, (\d\.\d+) against", figure("error at 4 bits, PCA")),
    (r"PCA is ahead, \S+ against (\d\.\d+):", figure("error at 4 bits, autoencoder")),
    (r"as its decoder, makes (\d\.\d+)\.", figure("test error, label only")),
    (r"At 64 bits its error is (\d\.\d+),", figure("error at 64 bits, autoencoder")),
    (r"At 64 bits its error is \S+ and PCA's (\d\.\d+)\.", figure("error at 64 bits, PCA")),
    (r"JPEG takes (\d+) bits", figure("bits, JPEG 10")),
    (r"bits to come to (\d\.\d+);", figure("error, JPEG 10")),
    (r"is below that at (\d+)\.", figure("bits that overtake JPEG 10")),
    (r"error stays at (\d\.\d+),", figure("error, 64 numbers")),
    (r"at (\S+) bits PNG has no error", figure("bits, PNG")),
    (r"32 numbers adds (\d+) bits", figure("bits of the decoder")),
    (r"the autoencoder name (\d+) % rightly", percent("named by 2 numbers")),
    (r"two of PCA's (\d+) %", percent("named by 2 numbers, PCA")),
    (r"Eight numbers name (\S+) %", percent("named by 8 numbers")),
    (r"made from, which name (\d+) %", percent("named by pixels")),
    (r"With 32 numbers PCA's name (\S+) %", percent("named by 32 numbers, PCA")),
    (r"PCA's name \S+ %, the autoencoder's (\S+) %", percent("named by 32 numbers")),
    (r"two numbers reaches (\d\.\d+),", figure("AUC, photographs, error")),
    (r"they stand out: (\d\.\d+)\.", figure("AUC, photographs, share")),
    (r"The letters are hardest, (\d\.\d+),", figure("AUC, letters, error")),
    (r"makes it \*worse\*, (\d\.\d+)\.", figure("AUC, letters, share")),
    (r"So does the larger code, (\d\.\d+),", figure("AUC, letters, 32 numbers")),
    (r"equally well, (\d\.\d+) with 2", figure("AUC, letters, 2 numbers")),
    (r"with 2 numbers, (\d\.\d+) with 8", figure("AUC, letters, 8 numbers")),
    (r"down to (\d\.\d+) with 64", figure("AUC, letters, 64 numbers")),
    (r"2 numbers flag (\d+) % of the letters", percent("letters flagged, 2 numbers")),
    (r"of the letters, 8 numbers (\d+) %", percent("letters flagged, 8 numbers")),
    (r"8 numbers \d+ %, and 32 numbers (\d+) %", percent("letters flagged, 32 numbers")),
    (r"the error flags (\d+) %", percent("bold letters flagged by error")),
    (r"the share only (\d+) %", percent("bold letters flagged by share")),
    (r"The 1 has the lowest, (\d\.\d+),", figure("test error, the 1")),
    (r"with two numbers (\d+) % of the outputs", percent("names kept")),
    (r"from (\d\.\d+) with 2 numbers to", figure("error, 2 numbers")),
    (r"with 2 numbers to (\d\.\d+) with 64", figure("error, 64 numbers")),
]
SIZES = (1, 2, 3, 8, 16, 32, 64)


def check(figures: dict[str, float], is_mnist: bool) -> None:
    """Hold notebook 4 to its story, the parts that hold on any digits first."""
    errors = [figures[f"error, {size} numbers"] for size in SIZES]
    errors_pca = [figures[f"error, {size} numbers, PCA"] for size in SIZES]
    assert errors == sorted(errors, reverse=True)
    assert errors_pca == sorted(errors_pca, reverse=True)
    assert figures["error at 64 bits, autoencoder"] < figures["error at 64 bits, PCA"]
    assert figures["names kept, 2 numbers"] < figures["names kept, 32 numbers"]
    assert figures["lowest AUC, shuffled, inverted, noise"] > 0.95
    if is_mnist:
        check_errors(figures)
        check_bits(figures)
        check_uses(figures)


def check_errors(figures: dict[str, float]) -> None:
    """Errors by digit and by size, and names kept, on MNIST."""
    assert figures["lowest test error of a digit"] == figures["test error, the 1"]
    assert figures["test error, the 1"] < figures["test error, 2 numbers"] / 3
    assert figures["share of blank, place 1"] < 0.7 * figures["share of blank, place 2"]
    assert figures["share of average, place 1"] < 0.7 * figures["share of average, place 2"]
    assert figures["ones in the best tenth"] > 0.85
    assert figures["judge right on inputs"] > 0.985
    assert figures["names kept, the 4"] < 0.8 < 0.95 < figures["names kept, the 0"]
    assert figures["test error, the 4"] == pytest.approx(figures["test error, the 0"], rel=0.05)
    assert figures["names kept, 8 numbers"] > figures["names kept, 2 numbers"] + 0.05
    assert figures["names kept, 32 numbers"] > figures["names kept, 8 numbers"] + 0.02
    ratios = [figures[f"error, {n} numbers"] / figures[f"error, {n} numbers, PCA"] for n in SIZES]
    assert max(ratios) < 0.8
    assert min(ratios[:-1]) == ratios[-2] < 0.95 * ratios[-1]  # best at 32
    times = [figures[f"PCA's numbers for {n}"] / n for n in (2, 8, 64)]
    assert times == sorted(times, reverse=True)
    training = figures["training error, 64 numbers"]
    assert training == pytest.approx(figures["error, 64 numbers"], rel=0.03)


def check_bits(figures: dict[str, float]) -> None:
    """What a bit buys, on MNIST."""
    enough = [figures[f"bits that suffice, {n} numbers"] for n in (2, 8, 16, 32, 64)]
    assert min(enough) == 5
    assert max(enough) == 7
    for bits in (16, 64, 256):
        ours, pca = (figures[f"error at {bits} bits, {who}"] for who in ("autoencoder", "PCA"))
        assert ours < 0.9 * pca
    at_4 = {who: figures[f"error at 4 bits, {who}"] for who in ("autoencoder", "PCA")}
    assert figures["test error, label only"] < at_4["PCA"] < at_4["autoencoder"]
    assert figures["error at 64 bits, autoencoder"] < 0.5 * figures["error at 64 bits, PCA"]
    assert figures["bits that overtake JPEG 10"] < figures["bits, JPEG 10"] / 2
    assert figures["bits, PNG"] < 2_000
    assert figures["bits of the decoder"] > 6 * 32


def check_uses(figures: dict[str, float]) -> None:
    """Naming digits by their codes, and finding what is no digit, on MNIST."""
    named = {n: figures[f"named by {n} numbers"] for n in (2, 8, 32)}
    named_pca = {n: figures[f"named by {n} numbers, PCA"] for n in (2, 8, 32)}
    assert named[2] > named_pca[2] + 0.3
    assert named[8] > max(named_pca[8] + 0.04, figures["named by pixels"])
    assert named[32] < named_pca[32]
    assert figures["AUC, photographs, share"] > figures["AUC, photographs, error"] + 0.03
    assert figures["AUC, letters, share"] < figures["AUC, letters, error"]
    letters = {n: figures[f"AUC, letters, {n} numbers"] for n in (2, 8, 32, 64)}
    assert letters[2] == pytest.approx(letters[8], abs=0.04)
    assert letters[2] - 0.03 > letters[32] > letters[64] + 0.02
    assert figures["letters flagged, 32 numbers"] < figures["letters flagged, 2 numbers"] - 0.1
    by_error, by_share = (figures[f"bold letters flagged by {name}"] for name in ("error", "share"))
    assert by_error > 0.6
    assert by_share < 0.3
