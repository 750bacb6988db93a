"""Notebook 3: what its text quotes, and the story that its figures must tell."""

BOX, MIXTURE, REAL = "evenly from the box", "from the mixture", "codes of test images"
SURE = "at least 90 % sure"
DISTANCE = "median distance to the data"
MIXED = "rank correlation, mixed surroundings, near the data"

QUOTATIONS = [
    (r"the box holds (\S+) % of the codes", lambda f: 100 * f["codes inside the box"]),
    (r"to a training image \((\S+)\) than", lambda f: f["nearest image, random points, decoded"]),
    (r"real new digits are \((\S+)\)", lambda f: f["nearest image, test images"]),
    (r"it moves nearer, to (\d\.\d+)", lambda f: f["nearest image, test images, blurred"]),
    (r"Random pixels, at (\S+),", lambda f: f["random pixels"]),
    (r"In (\S+) % of the places the judge", lambda f: 100 * f["layout, as drawn"]),
    (r"only in (\S+) % if the grid", lambda f: 100 * f["layout, upside down"]),
    (r"line differ by (\S+),", lambda f: f["neighbouring frames"]),
    (r"any two of them by (\S+),", lambda f: f["any two frames"]),
    (r"random training images by (\d\.\d+)", lambda f: f["two training images"]),
    (r"smoother still, (\S+)!", lambda f: f["neighbouring frames, cross-fade"]),
    (r"(\d+) of the 45 decoded lines", lambda f: f["third digit, line of codes"]),
    (r"through a third digit than (\d+)", lambda f: f["third digit, line of codes"]),
    (r"only (\d+) of the cross-fades", lambda f: f["third digit, cross-fade"]),
    (r"for both, (\S+) and", lambda f: f["confidence, line of codes"]),
    (r"for both, \S+ and (\d\.\d+)", lambda f: f["confidence, cross-fade"]),
    (r"At the left end, (\S+) times", lambda f: f["sweep, left"]),
    (r"at the right end the distance is (\d+\.\d)", lambda f: f["sweep, right"]),
    (r"Around the 0s the judge's doubt is (\S+) %", lambda f: f["doubt near, 0"]),
    (r"around the 1s (\S+) %", lambda f: f["doubt near, 1"]),
    (r"training image in (\d+) % and", lambda f: f["agreement near, 0"]),
    (r"% and (\d+) % of the places", lambda f: f["agreement near, 1"]),
    (r"the 6 equals them, with (\d+) %", lambda f: f["agreement near, 6"]),
    (r"the 5 with (\d+) %", lambda f: f["agreement near, 5"]),
    (r"less than 90 % sure of (\S+) %", lambda f: 100 * f["unsure in the box"]),
    (r"less than 50 % sure of (\S+) %", lambda f: 100 * f["lost in the box"]),
    (r"from (\S+) % among the data", lambda f: f["doubt at, 0 to 2"]),
    (r"to (\S+) % beyond a distance", lambda f: f["doubt at, above 32"]),
    (r"is weak \((\d\.\d+),", lambda f: f["rank correlation, distance, everywhere"]),
    (r"all but vanishes \((\d\.\d+)\)", lambda f: f["rank correlation, distance, near the data"]),
    (r"five or fewer are, it is (\S+) %", lambda f: f["doubt with, 5 or fewer"]),
    (r"with being mixed: (\d\.\d+)\)", lambda f: f[MIXED]),
    (r"we tried: -(\S+) for codes", lambda f: -f["log-density, mixture"]),
    (r"the box comes to -(\d\.\d+)", lambda f: -f["log-density, box"]),
    (r"90 % sure of (\d+) % of its pictures", lambda f: 100 * f[f"{MIXTURE}, {SURE}"]),
    (r"against (\d+) % for the box", lambda f: 100 * f[f"{BOX}, {SURE}"]),
    (r"and (\d+) % for real codes", lambda f: 100 * f[f"{REAL}, {SURE}"]),
    (r"a median distance of (\S+) from", lambda f: f[f"{MIXTURE}, {DISTANCE}"]),
    (r"those of the box lie at (\d\.\d+)", lambda f: f[f"{BOX}, {DISTANCE}"]),
    (r"(\d+) % of its pictures are named 8", lambda f: 100 * f["8s from the box"]),
    (r"only (\d+) % are named 5", lambda f: 100 * f["5s from the box"]),
    (r"(\d+) % of its pictures would have", lambda f: 100 * f[f"misplaced, {BOX}"]),
    (r"and (\S+) % of the mixture's", lambda f: 100 * f[f"misplaced, {MIXTURE}"]),
]


def check(figures: dict[str, float], is_mnist: bool) -> None:
    """Hold notebook 3 to its story: the layout, the line, the clear digits, the sampling."""
    assert figures["top left image is right"] == 1
    assert figures["layout, as drawn"] > 2 * figures["layout, upside down"]
    assert figures["neighbouring frames"] < figures["any two frames"]
    assert figures["neighbouring frames"] < figures["two training images"]
    assert figures["log-density, mixture"] > figures["log-density, box"]
    assert figures[f"{MIXTURE}, {DISTANCE}"] < figures[f"{BOX}, {DISTANCE}"]
    if is_mnist:
        assert figures[f"misplaced, {MIXTURE}"] < figures[f"misplaced, {BOX}"] / 2
        assert figures["neighbouring frames"] < figures["any two frames"] / 2
        check_newness(figures)
        check_clear_digits(figures)
        check_doubt(figures)
        # Four standard errors of a share near 0.9 among 2,000 are 0.027.
        assert figures[f"{MIXTURE}, {SURE}"] > figures[f"{BOX}, {SURE}"] + 0.027
        assert figures[f"{MIXTURE}, mean confidence"] > figures[f"{BOX}, mean confidence"]


def check_newness(figures: dict[str, float]) -> None:
    """No copies, yet nearer to the training images than real test images are."""
    decoded = figures["nearest image, random points, decoded"]
    assert 0.01 < decoded < figures["nearest image, test images"] < figures["random pixels"]
    assert figures["nearest image, test images, blurred"] < figures["nearest image, test images"]
    assert figures["third digit, line of codes"] > 2 * figures["third digit, cross-fade"]


def check_clear_digits(figures: dict[str, float]) -> None:
    """Claim 13: 0 and 1 are among the clearest three, by doubt and by agreement."""
    doubts = sorted(range(10), key=lambda digit: figures[f"doubt near, {digit}"])
    agreements = sorted(range(10), key=lambda digit: -figures[f"agreement near, {digit}"])
    assert {0, 1} <= set(doubts[:3])
    assert {0, 1} <= set(agreements[:3])


def check_doubt(figures: dict[str, float]) -> None:
    """Claim 14 as the text has it: unclear pictures exist; being between digits makes them so."""
    assert 0.05 < figures["unsure in the box"] < 0.15
    assert 0 < figures["lost in the box"] < 0.02
    assert figures["doubt at, above 32"] > 2 * figures["doubt at, 0 to 2"]
    assert 0.1 < figures["rank correlation, distance, everywhere"] < 0.4
    near = figures["rank correlation, distance, near the data"]
    assert abs(near) < 0.2 < figures[MIXED]
    assert figures["doubt with, 5 or fewer"] > 10 * figures["doubt with, all 10"]
