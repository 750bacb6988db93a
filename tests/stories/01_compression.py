"""Notebook 1: deep beats PCA, and linear equals it."""

assert error_pca < error_mean
assert error_deep < error_pca

if digits.name == "mnist":
    assert math.isclose(error_linear, error_pca, rel_tol=0.02)
    assert error_deep <= 0.7 * error_pca
    assert error_deep <= 0.0355

quote("From {} down to {}: two numbers", error_mean, error_pca)
quote("explain {} % of the error", 100 * (1 - error_pca / error_mean))
