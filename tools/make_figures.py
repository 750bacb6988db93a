"""Draw the pictures of `figures/` from the shipped weights and MNIST's test images.

python -m tools.make_figures
"""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure
from torch import Tensor

from ae_utils.checkpoints import load_shipped
from ae_utils.data import load_digits, to_float
from ae_utils.models import Autoencoder
from ae_utils.plots import plot_autoencoder, plot_image_rows, use_series_style

FIGURES = Path(__file__).resolve().parents[1] / "figures"


def main() -> None:
    """Write every picture."""
    use_series_style()
    digits = load_digits("mnist")
    model, _ = load_shipped("dense_2d")
    first = [int((digits.test_labels == label).nonzero()[0]) for label in range(10)]
    x = to_float(digits.test_images[first])
    save(draw_autoencoder(model, x[7]), "autoencoder.png")
    save(draw_reconstructions(model, x), "reconstructions.png")


@torch.no_grad()
def draw_autoencoder(model: Autoencoder, image: Tensor) -> Figure:
    """The way of one image (1, 28, 28) through the model."""
    z = model.encode(image[None])
    fig, _ = plot_autoencoder([784, 256, 256, 128, 2], image, z[0], model.decode(z)[0])
    return fig


@torch.no_grad()
def draw_reconstructions(model: Autoencoder, x: Tensor) -> Figure:
    """Images (N, 1, 28, 28), their codes, and what comes back."""
    codes = [f"{a:z.1f}, {b:z.1f}" for a, b in model.encode(x).tolist()]
    fig, _ = plot_image_rows({"input": x, "output": model(x)}, {"input": codes})
    return fig


def save(fig: Figure, name: str) -> None:
    """Write a figure as PNG, without the date and version that would change it every time."""
    fig.savefig(FIGURES / name, dpi=150, metadata={"Software": None})
    plt.close(fig)
    print(FIGURES / name)


if __name__ == "__main__":
    main()
