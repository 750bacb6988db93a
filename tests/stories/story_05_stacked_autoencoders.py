"""Notebook 5: what its text quotes, and the story that its figures must tell."""

from ae_utils.results import load_results

FEW, UNROLLED, THIRTY = (load_results(n)["figures"] for n in ("few_labels", "unrolled", "deep_30d"))
STEPS_30D = load_results("deep_30d")["settings"]["training"]["steps"]
N_LABELS = ("100", "1000", "10000")
STARTS = ("scratch", "pretrained")
NUMBER = r"(\d+\.\d+)"
ANY = r"\d+\.\d+"


def quote_few_labels(heading: str, words: str, units: str) -> list[tuple]:
    """The three pairs of errors in the paragraph on one kind of units."""
    pairs = [rf"{words[i]} {ANY} to {ANY} %" for i in range(3)]
    quotations = []
    for place, n in enumerate(N_LABELS):
        for start, wanted in (("scratch", 0), ("pretrained", 1)):
            parts = list(pairs)
            numbers = (NUMBER, ANY) if wanted == 0 else (ANY, NUMBER)
            parts[place] = f"{words[place]} {numbers[0]} to {numbers[1]} %"
            pattern = rf"\*\*{heading} units\.\*\* .*?" + ", ".join(parts)
            value = FEW[units][start][n]["mean"]
            quotations.append((pattern, lambda f, value=value: value))
    return quotations


def tried_from_scratch(lr: str) -> float:
    """The training error of the sigmoid network from scratch, with all the steps, at a rate."""
    return UNROLLED["sigmoid"]["scratch, all steps"]["selection errors"][lr]


QUOTATIONS = [
    (rf"average image costs {NUMBER}, as", lambda f: f["error of the average image"]),
    (rf"its error is {NUMBER}, and some", lambda f: f["error before fine-tuning"]),
    (rf"the stack comes to {NUMBER}\.", lambda f: f["error after fine-tuning"]),
    (rf"has an error of {NUMBER} after as", lambda f: f["error jointly from scratch"]),
    (rf"fallen almost to {NUMBER},", lambda f: f["error of the average image"]),
    (rf"not yet fine-tuned: {NUMBER}\.", lambda f: UNROLLED["sigmoid"]["pretrained"]["mean"]),
    (
        rf"fine-tuned: {ANY}\. Fine-tuned: {NUMBER}\.",
        lambda f: UNROLLED["sigmoid"]["fine-tuned"]["mean"],
    ),
    (
        rf"with the steps of fine-tuning only: {NUMBER};",
        lambda f: UNROLLED["sigmoid"]["scratch, steps of fine-tuning"]["mean"],
    ),
    (
        rf"From scratch with all the steps: {NUMBER}\.",
        lambda f: UNROLLED["sigmoid"]["scratch, all steps"]["mean"],
    ),
    (rf"Now ReLU\. Fine-tuned: {NUMBER}\.", lambda f: UNROLLED["relu"]["fine-tuned"]["mean"]),
    (
        rf"From scratch, with all the steps: {NUMBER}\.",
        lambda f: UNROLLED["relu"]["scratch, all steps"]["mean"],
    ),
    (
        rf"from scratch the network comes to {NUMBER},",
        lambda f: UNROLLED["relu"]["scratch, steps of fine-tuning"]["mean"],
    ),
    (rf"ends at {NUMBER} on the training images", lambda f: tried_from_scratch("0.003")),
    (rf"its own best, 1e-2, it comes to {NUMBER}\.", lambda f: tried_from_scratch("0.01")),
    (rf"the share is {NUMBER}, {ANY} and", lambda f: f["purity 1, trained"]),
    (rf"the share is {ANY}, {NUMBER} and", lambda f: f["purity 2, trained"]),
    (rf"the share is {ANY}, {ANY} and {NUMBER};", lambda f: f["purity 3, trained"]),
    (rf"untrained ones {NUMBER}, {ANY} and", lambda f: f["purity 1, untrained"]),
    (rf"untrained ones {ANY}, {NUMBER} and", lambda f: f["purity 2, untrained"]),
    (rf"untrained ones {ANY}, {ANY} and {NUMBER}\.", lambda f: f["purity 3, untrained"]),
    (rf"linear layer reads {NUMBER} % of", lambda f: f["probe, pixels"]),
    (rf"first trained layer it reads {NUMBER} %", lambda f: f["probe 1, trained"]),
    (rf"from the second {NUMBER} %", lambda f: f["probe 2, trained"]),
    (rf"from the third {NUMBER} %", lambda f: f["probe 3, trained"]),
    (rf"narrow third one, to {NUMBER} %", lambda f: f["probe 3, untrained"]),
    (rf"lose them: {NUMBER} % against", lambda f: f["probe 3, trained"]),
    (rf"lose them: {ANY} % against {NUMBER} %", lambda f: f["probe 3, untrained"]),
    (rf"linear probe names {NUMBER} % from PCA", lambda f: f["probe, PCA"]),
    (rf"numbers and {NUMBER} % from those", lambda f: f["probe, fine-tuned stack"]),
    (rf"the nearest neighbours {NUMBER} and", lambda f: f["neighbours, PCA"]),
    (rf"neighbours {ANY} and {NUMBER} %", lambda f: f["neighbours, fine-tuned stack"]),
    (rf"all 784 pixels \({NUMBER} %\)", lambda f: f["neighbours, pixels"]),
    (rf"pretrained network names {NUMBER} %", lambda f: 100 - f["named rightly, pretrained"]),
    (rf"the one from scratch {NUMBER} %", lambda f: 100 - f["named rightly, scratch"]),
    *quote_few_labels(
        "Sigmoid",
        ("With 100 labels the error goes from", "with 1,000 from", "with 10,000 from"),
        "sigmoid",
    ),
    *quote_few_labels("ReLU", ("From", "from", "from"), "relu"),
    (rf"deep autoencoder has an error of {NUMBER},", lambda f: THIRTY["test error"]),
    (r"from scratch, (\S+) steps of 128", lambda f: STEPS_30D),
    (rf"with its {NUMBER}, is better", lambda f: 784 * f["error after fine-tuning"]),
    (rf"ours had an error of {NUMBER};", lambda f: f["error before fine-tuning"]),
    (rf"; fine-tuned, {NUMBER}\.", lambda f: f["error after fine-tuning"]),
    (rf"the first layer, to {NUMBER} %", lambda f: f["probe 1, trained"]),
    (rf"same network ended at {NUMBER}\.", lambda f: f["error jointly from scratch"]),
]


def check(figures: dict[str, float], is_mnist: bool) -> None:
    """Hold notebook 5 to its story: what layer-wise training gave, and what it did not."""
    f = figures
    assert f["smallest cosine"] > 0.999
    assert f["error after fine-tuning"] < f["error before fine-tuning"]
    assert f["error before fine-tuning"] < 0.8 * f["error of the average image"]
    assert f["error after fine-tuning"] < 0.7 * f["error jointly from scratch"]
    for layer in (1, 2, 3):
        assert f[f"probe {layer}, trained"] > f[f"probe {layer}, untrained"]
    assert f["probe 3, trained"] < f["probe 1, trained"]  # it does not rise with depth
    if is_mnist:
        assert f["error jointly from scratch"] < f["error of the average image"]
        assert f["probe 1, trained"] > f["probe, pixels"] + 2
        assert f["probe 3, trained"] > f["probe 3, untrained"] + 4
        for layer in (1, 2, 3):
            assert f[f"purity {layer}, trained"] > f[f"purity {layer}, untrained"]
        assert f["probe, PCA"] > f["probe, stack"]  # the codes are no abstraction
        assert f["neighbours, PCA"] > f["neighbours, fine-tuned stack"] > f["neighbours, stack"]
        assert f["neighbours, PCA"] > f["neighbours, pixels"]
        assert f["named rightly, pretrained"] > f["named rightly, scratch"]
    check_results()


def check_results() -> None:
    """Hold the long experiments to what the text tells of them."""
    for n in N_LABELS:
        spread = {units: max(FEW[units][start][n]["sd"] for start in STARTS) for units in FEW}
        gain = {
            units: FEW[units]["scratch"][n]["mean"] - FEW[units]["pretrained"][n]["mean"]
            for units in FEW
        }
        assert abs(gain["relu"]) < 2 * spread["relu"]
        if n == "10000":
            assert abs(gain["sigmoid"]) <= spread["sigmoid"]
        else:
            assert gain["sigmoid"] > spread["sigmoid"]
        assert FEW["sigmoid"]["pretrained"][n]["mean"] < 1.05 * FEW["relu"]["scratch"][n]["mean"]
    for n, ahead in (("100", 3), ("1000", 0)):  # of three seeds, those pretraining helped
        pairs = zip(*(FEW["relu"][start][n]["all"] for start in STARTS), strict=True)
        assert sum(scratch > pretrained for scratch, pretrained in pairs) == ahead
    ways = UNROLLED["sigmoid"]
    assert ways["fine-tuned"]["mean"] < 0.5 * ways["scratch, all steps"]["mean"]
    assert ways["fine-tuned"]["lr"] == 3e-2 and ways["scratch, all steps"]["lr"] == 1e-2
    at_average = [error > 0.066 for error in ways["scratch, steps of fine-tuning"]["all"]]
    assert sum(at_average) == 1
    ways = UNROLLED["relu"]
    assert ways["scratch, all steps"]["lr"] == 3e-3
    assert ways["scratch, all steps"]["mean"] < ways["fine-tuned"]["mean"]
    assert THIRTY["test error"] < 2.94 < 3.00 < THIRTY["PCA's test error"]
