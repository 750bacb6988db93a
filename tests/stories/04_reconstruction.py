"""Notebook 4: what a code loses, what numbers and bits buy, and what else it is good for."""

import math

quote("costs {}, a quarter of the average image's {};", error_by_digit[1], errors.mean())
quote("costs the most, {}.", error_by_digit[2])
if digits.name == "mnist":
    assert error_by_digit.argmin() == 1
    assert error_by_digit.argmax() == 2
    assert error_by_digit[1] < errors.mean() / 3
    assert error_by_digit[0] > errors.mean()

lowest, second, *_, highest = 100 * torch.stack([of_blank, of_label], 1).sort(0).values
quote("A blank sheet errs by {} on a", blank[1])
quote(
    "as a share: {} % of the blank sheet's error, where the others keep {} to {} %, "
    "and {} % of its average's, where the others keep {} to {} %.",
    lowest[0], second[0], highest[0], lowest[1], second[1], highest[1],
)  # fmt: skip
if digits.name == "mnist":
    assert of_blank.argsort()[:2].tolist() == of_label.argsort()[:2].tolist() == [1, 0]
    assert (lowest < 0.7 * second).all()
    assert of_label.argmax() == 8
    assert blank[0] > 2 * blank[1]

quote("so is {} % of the best tenth", 100 * ones_in_best_tenth)
if digits.name == "mnist":
    assert set(digits.test_labels[errors.argsort()[:10]].tolist()) == {1}
    assert ones_in_best_tenth > 0.85

quote("The judge is right on {} % of the inputs", 100 * judge_accuracy)
quote("Of the outputs, {} % keep their name.", 100 * kept)
quote("in {} % of the cases only", 100 * kept_by_digit[4])
quote("{} for both", error_by_digit[0])
quote("{} for both.", error_by_digit[4])
quote("({} %) becomes a", 100 * turned_into[4, 9])
if digits.name == "mnist":
    assert judge_accuracy > 0.985
    assert kept_by_digit[4] < 0.8 < 0.95 < kept_by_digit[0]
    assert kept_by_digit.argmin() == 4
    assert math.isclose(error_by_digit[4], error_by_digit[0], rel_tol=0.05)

quote("all trained alike, for {} steps.", about["settings"]["steps"])
quote("each was trained for the same {} steps.", about["settings"]["steps"])
quote(
    "Names kept: {} % with two numbers, {} % with eight, {} % with {}.",
    100 * kept_ae[2], 100 * kept_ae[8], 100 * kept_ae[32], 32,
)  # fmt: skip
assert kept_ae[2] < kept_ae[32]
if digits.name == "mnist":
    assert kept_ae[2] + 0.05 < kept_ae[8] < kept_ae[32] - 0.02

ratios = {size: error / error_pca[size].item() for size, error in error_ae.items()}
assert list(error_ae.values()) == sorted(error_ae.values(), reverse=True)
assert (error_pca[list(SIZES)].diff() < 0).all()
quote(
    "its error is {} of PCA's, and has begun to shrink at {}, with {}.",
    ratios[32], 64, ratios[64],
)  # fmt: skip
if digits.name == "mnist":
    assert max(ratios.values()) < 0.8
    assert min(ratios, key=ratios.get) == 32
    assert ratios[32] < 0.95 * ratios[64]

quote(
    "what the autoencoder does with {}, {} and {} numbers takes PCA {}, {} and {}.",
    2, 8, 64, needs[2], needs[8], needs[64],
)  # fmt: skip
quote("That is {}, {} and {} times as many.", needs[2] / 2, needs[8] / 8, needs[64] / 64)
if digits.name == "mnist":
    assert needs[2] / 2 > needs[8] / 8 > needs[64] / 64

quote(
    "error is {} on the training images, and {} on the test images.", train_error_64, error_ae[64]
)
if digits.name == "mnist":
    assert math.isclose(train_error_64, error_ae[64], rel_tol=0.03)

quote("Between {} and {} bits a number bring", min(enough.values()), max(enough.values()))
quote("a code number is worth about {} bits, not", enough[32])
quote("the code of two numbers {} bits in all", 2 * enough[2])
if digits.name == "mnist":
    assert min(enough.values()) == 5
    assert max(enough.values()) == 7
    assert [at_rate[rate][0][2] for rate in (16, 32)] == ["2 x 8", "8 x 4"]

quote("with {} test digits joined into one", len(pixels))
quote("A blank image takes {} bits as a JPEG", header)
quote("it starts at {} bits a digit", jpeg_large[0][0])
if digits.name == "mnist":
    assert side**2 == len(pixels)

quote("ahead at {} bits an image, and who at {}?", 32, 2_000)
at = {rate: {"ours": ours[1], "PCA": other[1]} for rate, (ours, other) in at_rate.items()}
quote("At {} bits PCA is ahead, {} against {}:", 4, at[4]["PCA"], at[4]["ours"])
quote(
    "the *label*, {} bits, with the ten average images as its decoder, makes {}.",
    math.log2(10), errors_label.mean(),
)  # fmt: skip
quote("At {} bits its error is {}, and PCA's {}.", 64, at[64]["ours"], at[64]["PCA"])
assert at[64]["ours"] < at[64]["PCA"]
if digits.name == "mnist":
    assert errors_label.mean() < at[4]["PCA"] < at[4]["ours"]
    assert all(at[rate]["ours"] < 0.9 * at[rate]["PCA"] for rate in (16, 64, 256))
    assert at[64]["ours"] < 0.5 * at[64]["PCA"]


def cheapest(points, rate):
    """The error of the best point that takes so many bits at most."""
    return min(error for bits, error, _ in points if bits <= rate)


if digits.name == "mnist":
    assert all(cheapest(best_ae, rate) < cheapest(best_pca, rate) for rate in range(10, 1025))

bits_jpeg, error_jpeg = jpeg_large[2]
overtaken = next(bits for bits, error, _ in best_ae if error < error_jpeg)
quote(
    "JPEG takes {} bits to come to {}; the autoencoder is below that at {}.",
    bits_jpeg, error_jpeg, overtaken,
)  # fmt: skip
quote("error stays at {}, whatever one pays", error_ae[64])
quote("at {} bits PNG has no error at all", png_large)
if digits.name == "mnist":
    assert overtaken < bits_jpeg / 2
    assert png_large < 2_000
    assert min(error for bits, error in jpeg_large if bits < 1.1 * png_large) > 0

quote(
    "Spread over the {} test images, the decoder of {} numbers adds {} bits to each",
    len(codes), 32, decoder_bits,
)  # fmt: skip
if digits.name == "mnist":
    assert decoder_bits > 32 * enough[32]

quote(
    "Two numbers of the autoencoder name {} % rightly, two of PCA's {} %.",
    100 * knn_ae[2], 100 * knn_pca[2],
)  # fmt: skip
quote(
    "Eight numbers name {} %: *more* than the pixels that they were made from, which name {} %.",
    100 * knn_ae[8], 100 * knn_pixels,
)  # fmt: skip
quote(
    "With {} numbers PCA's name {} %, the autoencoder's {} %.",
    32, 100 * knn_pca[32], 100 * knn_ae[32],
)  # fmt: skip
if digits.name == "mnist":
    assert knn_ae[2] > knn_pca[2] + 0.3
    assert knn_ae[8] > max(knn_pca[8] + 0.04, knn_pixels)
    assert knn_ae[32] < knn_pca[32]

quote(
    "With {} numbers they come back with errors from {} to {}, where a test image has {} on",
    32, errors_written.min(), errors_written.max(), error_ae[32],
)  # fmt: skip
quote(
    "same few specks, with errors from {} to {}:", errors_negative.min(), errors_negative.max(),
    stable=True,
)  # fmt: skip
assert named_written.tolist() == [4, 7, 2]
assert (named_negative == named_written).sum() == 2
assert errors_written.max() < 0.01 and errors_negative.min() > 0.5

by_error, by_share, *_ = areas["photographs"]
quote("the code of two numbers reaches {}, because", by_error)
quote("they stand out: {}.", by_share)
if digits.name == "mnist":
    assert by_share > by_error + 0.03

by_error, by_share, by_error_of_32, _ = areas["letters"]
quote(
    "The letters are hardest, {}, and here the share makes it *worse*, {}. "
    "So does the larger code, {}, although",
    by_error, by_share, by_error_of_32,
)  # fmt: skip
assert min(areas[kind][0] for kind in ("shuffled pixels", "inverted digits", "noise")) > 0.95
if digits.name == "mnist":
    assert by_error == min(area for area, *_ in areas.values())
    assert by_share < by_error

quote("equally well, {} with {} numbers, {} with {}.", auc_letters[2], 2, auc_letters[8], 8)
quote("make it worse, down to {} with {}.", auc_letters[64], 64)
quote(
    "If we accept that {} % of the digits are flagged, {} numbers flag {} % of the letters, "
    "{} numbers {} %, and {} numbers {} %.",
    5, 2, 100 * flagged[2], 8, 100 * flagged[8], 32, 100 * flagged[32],
)  # fmt: skip
if digits.name == "mnist":
    assert math.isclose(auc_letters[2], auc_letters[8], abs_tol=0.04)
    assert auc_letters[2] - 0.03 > auc_letters[32] > auc_letters[64] + 0.02
    assert flagged[32] < flagged[2] - 0.1

quote("the error flags {} %, the share only {} %", 100 * bold["error"], 100 * bold["share"])
if digits.name == "mnist":
    assert bold["error"] > 0.6
    assert bold["share"] < 0.3

quote("has the lowest, {}, for its little ink", error_by_digit.min())
quote("with two numbers {} % of the outputs keep", 100 * kept)
quote("from {} with {} numbers to {} with {},", error_ae[2], 2, error_ae[64], 64)
quote("a code number is worth about {}.", enough[32])
quote("bring the error within {} % of the unrounded one", 5)
quote("set a limit on the error that flags {} % of the test digits", 1)

# %% solutions

quote("the error that {} % of the test digits stay", 100 * (errors < limit).float().mean())
quote("it is wrong on {} % of them, and on {} % of all", 100 * wrong_flagged, 100 * wrong_all)
if digits.name == "mnist":
    assert wrong_flagged > 3 * wrong_all

quote("The noisy images are {} away from the clean ones.", error_noisy)
quote("PCA brings that down to {}.", error_of["PCA, 32"])
quote("make it *worse*: {}, {} and {}.", *(error_of[f"{size} numbers"] for size in (2, 8, 32)))
assert error_of["PCA, 32"] < 0.7 * error_noisy
if digits.name == "mnist":
    assert all(error_of[f"{size} numbers"] > error_noisy for size in (2, 8, 32))

narrow, wide = trained[128, 128], trained[(512,)]
quote("the single layer of {} is at {}, the two layers of {} at {}:", 512, wide, 128, narrow)
quote("the ratio is {}.", ratio)
quote("came down to {}, by taking {} steps", about["test_error"], about["settings"]["steps"])
if digits.name == "mnist":
    assert ratio < 2 / 3
    assert about["test_error"] < wide < narrow
