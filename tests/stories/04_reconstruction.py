"""Notebook 4: what a code loses, what numbers and bits buy, and what else it is good for."""

import math

quote("costs {}, a quarter of the average image's {};", by_digit(errors)["1"], errors.mean())
quote("costs the most, {}.", max(by_digit(errors).values()))
if digits.name == "mnist":
    error_of = by_digit(errors)
    assert min(error_of, key=error_of.get) == "1"
    assert max(error_of, key=error_of.get) == "2"
    assert error_of["1"] < errors.mean() / 3
    assert error_of["0"] > errors.mean()
    assert (
        errors[first].argmin() == 1
        and errors[first].argmax()
        == named_output[first].ne(digits.test_labels[first]).nonzero()
        == 5
    )

lowest, second, *_, highest = sorted(shares.values())
quote("{} % are left, where the others keep {} to {} %.", lowest, second, highest)
if digits.name == "mnist":
    assert sorted(shares, key=shares.get)[:2] == ["1", "0"]
    assert lowest < 0.7 * second
    assert set(digits.test_labels[errors.argsort()[:10]].tolist()) == {1}

quote("the {} in {} % of the cases only", 4, 100 * turned_into[4, 4])
quote("every fourth ({} %) becomes a {}.", 100 * turned_into[4, 9], 9)
quote("Of all outputs, {} % keep their name.", 100 * kept)
quote("no worse than the {}, {} for both,", 0, by_digit(errors)["0"])
if digits.name == "mnist":
    assert judge_accuracy > 0.985
    assert turned_into.diag().argmin() == 4
    assert turned_into[4, 4] < 0.8 < 0.95 < turned_into[0, 0]
    assert math.isclose(by_digit(errors)["4"], by_digit(errors)["0"], rel_tol=0.05)
    for one, other in ((5, 3), (8, 3), (7, 9)):
        assert turned_into[one].argsort()[-2] == other

_, about = load_shipped("sweep_64d")
quote("all trained alike, for {} steps.", about["settings"]["steps"])
quote("each was trained for the same {} steps.", about["settings"]["steps"])
if digits.name == "mnist":
    keep = [(each == named).float().mean().item() for each in named_by.values()]
    assert keep[0] + 0.05 < keep[1] < keep[2] - 0.02
    assert math.isclose(1 - keep[2], 1 - judge_accuracy, abs_tol=0.003)

ratios = {size: error_ae[size] / error_pca[size] for size in (1, 2, 8, 16, 32, 64)}
assert list(error_ae.values()) == sorted(error_ae.values(), reverse=True)
assert list(error_pca.values()) == sorted(error_pca.values(), reverse=True)
quote(
    "its error is {} of PCA's, and has begun to shrink at {}, with {}.",
    ratios[32], 64, ratios[64],
)  # fmt: skip
quote("{} numbers do more than {} of PCA's,", 8, 32)
quote("{} do more than {}, but less than {}.", 64, 128, 256)
if digits.name == "mnist":
    assert max(ratios.values()) < 0.8
    assert min(ratios, key=ratios.get) == 32
    assert ratios[32] < 0.95 * ratios[64]
    assert error_ae[8] < error_pca[32]
    assert error_pca[256] < error_ae[64] < error_pca[128]

quote("The second cell holds it against ours, on {} training images.", len(some))
averages = [pca_codes(some.flatten(1), size)[0].mean(0).abs().max() for size in (2, 10)]
assert min(averages) > 1
assert pca.encode(some).mean(0).abs().max() < 0.3
if digits.name == "mnist":
    assert abs(theirs / ours - 1) < 0.005
    assert image_errors(pca_codes(some.flatten(1), 2)[1].view_as(some), some).mean() > 1.03 * (
        image_errors(decode_pca(pca.encode(some)[:, :2]), some).mean()
    )

as_seven = [round_codes(codes[first[[7]]], box, bits) for bits in range(1, 9)]
seen = name_images(model.decode(torch.cat(as_seven))).tolist()
if digits.name == "mnist":
    assert 7 not in seen[:2]
    assert seen[2:] == [7] * 6

error_at = {size: dict(points) for size, points in rates_ae.items()}
enough = {
    size: next(bits / size for bits, error in points if error < 1.05 * error_ae[size])
    for size, points in rates_ae.items()
}
quote("Between {} and {} bits a number bring", min(enough.values()), max(enough.values()))
quote("bring the error within {} % of the unrounded one", 5)
quote("a code number is worth about {} bits, not", enough[32])
quote("the code of two numbers {} bits in all", 2 * enough[2])
if digits.name == "mnist":
    assert min(enough.values()) == 5
    assert max(enough.values()) == 7
    assert error_at[2][16] < error_at[8][16]
    assert error_at[8][32] < error_at[16][32]

quote("we join {} test digits into one", len(x[::4]))
if digits.name == "mnist":
    assert side**2 == len(x[::4])


def cheapest(best, rate):
    """The lowest error that so many bits at most buy, of a lower envelope."""
    return max((bits, error) for bits, error in zip(*best, strict=True) if bits <= rate)[1]


quote(
    "At {} bits its error is {}, and PCA's {}.",
    64, cheapest(best_ae, 64), cheapest(best_pca, 64),
)  # fmt: skip
assert cheapest(best_ae, 64) < cheapest(best_pca, 64)
if digits.name == "mnist":
    assert cheapest(best_pca, 4) < cheapest(best_ae, 4)
    assert all(cheapest(best_ae, rate) < cheapest(best_pca, rate) for rate in range(10, 1025))
    assert cheapest(best_ae, 64) < 0.5 * cheapest(best_pca, 64)

bits_jpeg, error_jpeg = jpeg[2]
overtaken = next(bits for bits, error in zip(*best_ae, strict=True) if error < error_jpeg)
quote(
    "JPEG takes {} bits to come to {}; the autoencoder is below that at {}.",
    bits_jpeg, error_jpeg, overtaken,
)  # fmt: skip
quote("error stays at {}, whatever one pays", error_ae[64])
quote("at {} bits PNG has no error at all", png)
if digits.name == "mnist":
    assert overtaken < bits_jpeg / 2
    assert min(error for bits, error in jpeg if bits < 1.1 * png) > 0
    assert math.isclose(decoder_bits, 32 * enough[32], rel_tol=0.05)

quote(
    "Two numbers of the autoencoder name {} %, two of PCA's {} %.",
    rightly["autoencoder, 2"], rightly["PCA, 2"],
)  # fmt: skip
quote(
    "Eight numbers name {} %: *more* than the pixels that they were made from, which name {} %.",
    rightly["autoencoder, 8"], rightly["784 pixels"],
)  # fmt: skip
if digits.name == "mnist":
    assert rightly["autoencoder, 2"] > rightly["PCA, 2"] + 30
    assert rightly["autoencoder, 8"] > max(rightly["PCA, 8"] + 4, rightly["784 pixels"])
    assert max(rightly["autoencoder, 32"], rightly["784 pixels"]) < rightly["PCA, 32"]

quote(
    "With {} numbers they come back with errors from {} to {}, where a test image has {} on",
    32, errors_written.min(), errors_written.max(), error_ae[32],
)  # fmt: skip
assert name_images(written).tolist() == [4, 7, 2]
assert errors_written.max() < 0.01

flagged_digits, flagged_letters = flagged(torch.tensor([0.04, 0.08]))
if digits.name == "mnist":
    assert 0.28 < flagged_digits[0] < 0.38 and flagged_digits[1] < 0.03
    assert flagged_letters[0] > 0.8 and flagged_letters[1] < 0.5

auc_letters = dict(zip(SIZES, areas["letters"], strict=True))
quote(
    "the worse autoencoder by far: {} against {}. From {} to {} numbers",
    auc_letters[2], auc_letters[32], 2, 8,
)  # fmt: skip
quote("make it worse, down to {} with {}.", auc_letters[64], 64)
assert min(areas["inverted digits"] + areas["noise"]) > 0.95
if digits.name == "mnist":
    assert math.isclose(auc_letters[2], auc_letters[8], abs_tol=0.04)
    assert auc_letters[2] - 0.03 > auc_letters[32] > auc_letters[64] + 0.02
    for place in range(len(SIZES)):
        assert min(areas, key=lambda kind: areas[kind][place]) == "letters"
    for kind in ("turned digits", "photographs"):
        assert max(zip(areas[kind], SIZES, strict=True))[1] == 16
    for size in SIZES:
        ties = scores(size, letters)[:, None] == scores(size, digits.test_images)
        assert ties.float().mean() < 1e-4

quote("has the lowest, {}, for its little ink", min(by_digit(errors).values()))
quote("with two numbers {} % of the outputs keep", 100 * kept)
quote("from {} with {} numbers to {} with {},", error_ae[2], 2, error_ae[64], 64)
quote("a code number is worth about {}.", enough[32])
quote("set a limit on the error that flags {} % of the test digits", 1)
quote("neither reaches the {} of {} steps", about["test_error"], about["settings"]["steps"])

# %% solutions

quote("the error that {} % of the test digits stay", 100 * (errors < limit).float().mean())
quote("it is wrong on {} % of them, and on {} % of all", 100 * wrong_flagged, 100 * wrong_all)
if digits.name == "mnist":
    assert wrong_flagged > 3 * wrong_all
    assert 0.01 < limit < 0.02
    assert 2.5 < limit / errors.mean() < 3.5
    assert 1 / 14 < wrong_flagged < 1 / 11

quote("The noisy images are {} away from the clean ones.", error_noisy)
quote("PCA brings that down to {}.", error_of["PCA, 32"])
quote("make it *worse*: {}, {} and {}.", *(error_of[f"{size} numbers"] for size in (2, 8, 32)))
assert error_of["PCA, 32"] < 0.7 * error_noisy
if digits.name == "mnist":
    assert 0.45 < error_noisy / 0.4**2 < 0.55
    assert 0.3 < error_of["PCA, 32"] / error_noisy < 0.4
    assert all(error_of[f"{size} numbers"] > error_noisy for size in (2, 8, 32))

narrow, wide = trained[128, 128], trained[(512,)]
quote("the single layer of {} is at {}, the two layers of {} at {}:", 512, wide, 128, narrow)
quote("the ratio is {}.", ratio)
quote("came down to {}, by taking {} steps", about["test_error"], about["settings"]["steps"])
if digits.name == "mnist":
    assert 0.4 < ratio < 0.6
    assert about["test_error"] < wide < narrow
