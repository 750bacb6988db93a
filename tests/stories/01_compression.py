"""Notebook 1: deep beats PCA, linear equals it, and the loop that is read is the one that runs."""

import math

assert error_deep < error_pca < error_mean
if digits.name == "mnist":
    assert math.isclose(error_linear, error_pca, rel_tol=0.005)
    assert min(lengths) > 0.99 and inside.abs().max() < 0.99
    assert history.test_loss[1] < error_pca
    assert error_deep <= min(0.7 * error_pca, 0.0355)
    assert error_deep_train < error_deep < 1.05 * error_deep_train

twin = make_linear()
fit(twin, digits.train_images, Settings(steps=700, batch_size=256, lr=1e-2, seed=SEED))
assert all(map(torch.equal, twin.parameters(), linear.parameters()))

quote("explain {} % of the error", 100 * (1 - error_pca / error_mean))
quote("From {} down to {}: two numbers", error_mean, error_pca)

quote("the average image, {}, as notebook 0 advises", error_mean)
quote("after {} steps the test error is just that", few_steps.steps)
if digits.name == "mnist":
    assert math.isclose(error_suspect, error_mean, rel_tol=0.001) and spread < 0.02


mended = make_linear()
fit(mended, digits.train_images, few_steps, make_optimizer=torch.optim.Adam)
quote("these steps end at {}.)", evaluate(mended, digits.test_images))

errors_of_dots = [
    ((path[torch.cdist(dots, path).argmin(1)] - dots) ** 2).mean() for path in paths.values()
]
assert errors_of_dots[1] < 0.1 * errors_of_dots[0]

quote("will it be below PCA's {} on both?", error_pca)
quote("The test error is {}, {} % below PCA's", error_deep, 100 * (1 - error_deep / error_pca))
quote(
    "their test errors are {}, {} and {}, where the average image has {}.",
    error_pca, error_linear, error_deep, error_mean,
)  # fmt: skip

quote("PNG needs {} bytes", bytes_png)
quote("the decoder, {} megabytes, and", bytes_decoder / 1e6)
quote("until there are about {} images", round(pays_from, -2))

quote("and PCA's error, {}. With non-linear layers it came to {}.", error_pca, error_deep)
quote("{} on training images, {} on test images", error_deep_train, error_deep)

quote("comes to {}; if it comes to {}, it has", 0.0341, 0.0339)  # checked in the solutions

# %% solutions

if digits.name == "mnist":
    assert abs(error_pca_ten - 0.0341) < 5e-5 and abs(cheating - 0.0339) < 5e-5
    assert error_ten < error_pca_ten / 2
assert error_flat > 0.99 * error_pca
assert gap < 1e-4

ink = pictures.mean((1, 2, 3))
assert abs(ink[2] / ink[:2].mean() - 1) < 1e-5

quote("has seen what it is measured on, and comes to {}.", cheating)

quote(
    "its error comes to {} of PCA's, {} against {}.",
    error_ten / error_pca_ten, error_ten, error_pca_ten,
)  # fmt: skip
quote("{} numbers to train", sum(w.numel() for w in flat.parameters()))
quote("the test error, {}, has not even come down to PCA's {}.", error_flat, error_pca)
