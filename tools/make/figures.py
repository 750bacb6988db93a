"""Draw the pictures of `figures/` from the shipped weights and MNIST.

python -m tools.make.figures
"""

from collections.abc import Callable
from functools import partial

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure
from torch import Tensor

from ae_utils.checkpoints import load_shipped
from ae_utils.data import DataSet, load_digits
from ae_utils.distance import DataDistance
from ae_utils.images import first_of_each, to_float
from ae_utils.latent import decode_points, encode_dataset, interpolate, latent_box, make_grid
from ae_utils.losses import evaluate
from ae_utils.maps import (
    plot_decoded_grid,
    plot_field,
    plot_latent_map,
    plot_latent_map_3d,
)
from ae_utils.models import Autoencoder
from ae_utils.pca import pca_autoencoder
from ae_utils.plots import plot_autoencoder, plot_curves, plot_image_rows, use_series_style
from tools.commands import ROOT
from tools.make.weights import SWEEP

FIGURES = ROOT / "figures"
N_PCA = 20_000  # training images that PCA is fitted to, as in the notebooks


def draw_autoencoder(digits: DataSet) -> Figure:
    """The way of one image through the model."""
    model, _ = load_shipped("dense_2d")
    image = first_images(digits)[7]
    with torch.no_grad():
        z = model.encode(image[None])
        fig, _ = plot_autoencoder([784, 256, 256, 128, 2], image, z[0], model.decode(z)[0])
    return fig


def draw_reconstructions(digits: DataSet) -> Figure:
    """Ten images, their codes, and what comes back."""
    model, _ = load_shipped("dense_2d")
    x = first_images(digits)
    with torch.no_grad():
        codes = [f"{a:z.1f}, {b:z.1f}" for a, b in model.encode(x).tolist()]
        fig, _ = plot_image_rows({"input": x, "output": model(x)}, {"input": codes})
    return fig


def draw_latent_space(digits: DataSet, name: str = "dense_2d") -> Figure:
    """The map of a model's codes, and beside it the same plane decoded."""
    model, codes, (low, high) = map_model(digits, name)
    fig, (left, right) = plt.subplots(1, 2, figsize=(12, 6))
    plot_latent_map(codes, digits.test_labels, (low, high), left)
    images = decode_points(model.decode, make_grid(low, high, 18))
    plot_decoded_grid(images, low, high, right)
    left.set(xlim=right.get_xlim(), ylim=right.get_ylim())
    left.set_title("where the encoder puts test images")
    right.set_title("what the decoder makes of the same plane")
    return fig


def draw_latent_map(digits: DataSet) -> Figure:
    """The map of the codes alone."""
    _, codes, _ = map_model(digits)
    return plot_latent_map(codes, digits.test_labels)[0]


def draw_decoded_grid(digits: DataSet) -> Figure:
    """The decoded plane alone."""
    model, _, (low, high) = map_model(digits)
    return plot_decoded_grid(decode_points(model.decode, make_grid(low, high)), low, high)[0]


def draw_pca_and_autoencoder(digits: DataSet) -> Figure:
    """The best flat map and the autoencoder's."""
    _, codes, box = map_model(digits)
    fig, (left, right) = plt.subplots(1, 2, figsize=(12, 6))
    pca = pca_autoencoder(digits.train_images[:N_PCA])
    pca_codes = encode_dataset(pca.encode, digits.test_images)
    plot_latent_map(pca_codes, digits.test_labels, latent_box(pca_codes, 0.998), left)
    plot_latent_map(codes, digits.test_labels, box, right)
    left.set_title("PCA")
    right.set_title("autoencoder")
    return fig


def draw_latent_map_3d(digits: DataSet) -> Figure:
    """The codes of three numbers."""
    model, _ = load_shipped("dense_3d")
    codes = encode_dataset(model.encode, digits.test_images)
    return plot_latent_map_3d(codes, digits.test_labels)[0]


def draw_line(digits: DataSet) -> Figure:
    """A straight line in latent space from a 0 to a 1, and the cross-fade of the two images."""
    model, _ = load_shipped("dense_2d")
    zero, one = first_images(digits)[:2]
    with torch.no_grad():
        start, end = model.encode(torch.stack((zero, one)))
    decoded = decode_points(model.decode, interpolate(start, end, 12))
    share = torch.linspace(0, 1, 12).reshape(-1, 1, 1, 1)
    rows = {"codes mixed": decoded, "pixels mixed": zero * (1 - share) + one * share}
    return plot_image_rows(rows)[0]


def draw_far_from_the_data(digits: DataSet) -> Figure:
    """How far each point of the plane is from the data, and how sure the judge is of its image."""
    model, codes, (low, high) = map_model(digits)
    judge, _ = load_shipped("digit_classifier")
    n = 200
    points = make_grid(low, high, n)
    distance = DataDistance(codes)(points.reshape(-1, 2)).reshape(n, n)
    _, confidence = judge.label_and_confidence(decode_points(model.decode, points.reshape(-1, 2)))
    fig, (left, right) = plt.subplots(1, 2, figsize=(13, 5.5))
    plot_field(distance, low, high, "distance to the data", [0, 1, 2, 4, 8, 16, 32], left)
    levels = [0.2, 0.5, 0.8, 0.9, 0.99, 1]
    plot_field(confidence.reshape(n, n), low, high, "the judge's confidence", levels, right)
    return fig


def draw_error_by_code_size(digits: DataSet) -> Figure:
    """Test error against the numbers of a code, for PCA and for autoencoders."""
    planes = [pca_autoencoder(digits.train_images[:N_PCA], size) for size in SWEEP]
    pca_errors = [evaluate(plane, digits.test_images) for plane in planes]
    models = [load_shipped(f"sweep_{size}d")[0] for size in SWEEP]
    errors = [evaluate(model, digits.test_images) for model in models]
    fig, ax = plot_curves(
        {"PCA": (SWEEP, pca_errors), "autoencoder": (SWEEP, errors)},
        "numbers a code",
        "test error: mean squared error a pixel",
    )
    ax.set(xscale="log", yscale="log", ylim=(0.002, 0.08))
    ax.set_xticks(SWEEP, [str(size) for size in SWEEP], minor=False)
    ax.set_yticks([0.002, 0.005, 0.01, 0.02, 0.05], ["0.002", "0.005", "0.01", "0.02", "0.05"])
    ax.minorticks_off()
    return fig


PICTURES: dict[str, Callable[[DataSet], Figure]] = {
    "latent_space": draw_latent_space,
    "autoencoder": draw_autoencoder,
    "reconstructions": draw_reconstructions,
    "latent_map": draw_latent_map,
    "latent_map_3d": draw_latent_map_3d,
    "pca_and_autoencoder": draw_pca_and_autoencoder,
    "decoded_grid": draw_decoded_grid,
    "line": draw_line,
    "far_from_the_data": draw_far_from_the_data,
    "error_by_code_size": draw_error_by_code_size,
    "post": partial(draw_latent_space, name="post"),
}


def map_model(
    digits: DataSet, name: str = "dense_2d"
) -> tuple[Autoencoder, Tensor, tuple[Tensor, Tensor]]:
    """A model of maps, the codes of the test images, and the box to draw."""
    model, _ = load_shipped(name)
    codes = encode_dataset(model.encode, digits.test_images)
    return model, codes, latent_box(codes, 0.99)


def first_images(digits: DataSet) -> Tensor:
    """The first test image of each digit, float32 (10, 1, 28, 28)."""
    return to_float(digits.test_images[first_of_each(digits.test_labels)])


def main() -> None:
    """Write every picture, without the date and version that would change it every time."""
    use_series_style()
    digits = load_digits("mnist")
    for name, draw in PICTURES.items():
        fig = draw(digits)
        fig.savefig(FIGURES / f"{name}.png", dpi=150, metadata={"Software": None})
        plt.close(fig)
        print(FIGURES / f"{name}.png")


if __name__ == "__main__":
    main()
