"""Notebook 1: deep beats PCA, linear equals it, and the loop that is read is the one that runs."""

import math

assert error_deep < error_pca < error_mean
if digits.name == "mnist":
    assert math.isclose(error_linear, error_pca, rel_tol=0.02)
    assert min(cosines) > 0.99
    assert error_deep <= min(0.7 * error_pca, 0.0355)

twin = make_linear()
fit(twin, digits.train_images, Settings(steps=700, batch_size=256, lr=1e-2, seed=SEED))
assert all(map(torch.equal, twin.parameters(), linear.parameters()))

quote("from 0 (black) to {} (white)", digits.train_images.max())
quote("From {} down to {}: two numbers", error_mean, error_pca)
quote("explain {} % of the error", 100 * (1 - error_pca / error_mean))
quote("PCA stands at {}. Where will", error_pca)
quote("at {}, {}, {} or {}?", 0.05, 0.04, 0.03, 0.01)
quote("The test error is {}, {} % below PCA's", error_deep, 100 * (1 - error_deep / error_pca))

n_embedded = len(load_data("digits").train_images)
quote("which trains on only {} images", n_embedded)

quote("PNG needs {} bytes", bytes_png)
quote("{} megabytes, more than the saving", bytes_decoder / 1e6)
quote("until there are about {} images", round(pays_from, -2))

quote("and PCA's error, {}. With non-linear layers it came to {}.", error_pca, error_deep)
quote("{} on training images, {} on test images", error_deep_train, error_deep)

quote("PCA comes out near {}, and", 0.034)  # checked in the solutions

# %% solutions

if digits.name == "mnist":
    assert abs(error_pca_ten / 0.034 - 1) < 0.02
    assert error_ten < error_pca_ten / 2
assert error_flat > 0.99 * error_pca

quote(
    "its error comes to {} of PCA's, {} against {}.",
    error_ten / error_pca_ten, error_ten, error_pca_ten,
)  # fmt: skip
quote("{} numbers to train", sum(w.numel() for w in flat.parameters()))
quote("the test error, {}, has not even come down to PCA's {}.", error_flat, error_pca)
