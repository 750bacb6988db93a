"""Explorers of made-up data, and the pixels that they should show; for kernels too."""

import base64
import io
from functools import cache

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

from ae_utils.explorer import LatentExplorer, PictureSlider, TwinExplorer
from ae_utils.models import Autoencoder, dense_autoencoder

N = 300


@cache
def make_data(latent_dim: int = 2) -> tuple[Autoencoder, Tensor, Tensor, Tensor]:
    """An untrained model, and codes, labels and images that it never saw."""
    draw = torch.Generator().manual_seed(latent_dim)
    model = dense_autoencoder(latent_dim, widths=(16,), seed=1)
    codes = 2 * torch.randn(N, latent_dim, generator=draw)
    images = torch.randint(0, 256, (N, 1, 28, 28), dtype=torch.uint8, generator=draw)
    return model, codes, torch.arange(N) % 10, images


def make_explorer(latent_dim: int = 2) -> LatentExplorer:
    """A new explorer of those data."""
    return LatentExplorer(*make_data(latent_dim))


def make_twins() -> TwinExplorer:
    """Explorers of two untrained models, with codes far enough out for all that they encode."""
    _, codes, labels, images = make_data()
    models = [dense_autoencoder(2, widths=(16,), seed=seed) for seed in (1, 2)]
    return TwinExplorer({"a": (models[0], codes), "b <>": (models[1], 3 * codes)}, labels, images)


def draw_picture(number: int) -> tuple[Figure, str]:
    """A picture that is wider the higher its number is, and its text."""
    fig, ax = plt.subplots(figsize=(1 + number, 1))
    ax.set_title(f"picture {number}")
    return fig, f'a "picture" <{number}>'


def make_viewer() -> PictureSlider:
    """Three such pictures on a slider."""
    return PictureSlider("step", ["first", "second", "third"], draw_picture, start=1)


@torch.no_grad()
def decoded_pixels(point: list[float]) -> np.ndarray:
    """What the decoder itself makes of a point: dark ink on white."""
    x_hat = make_data(len(point))[0].decode(torch.tensor(point))[0, 0].numpy()
    return np.round(255 * (1 - x_hat)).astype(np.uint8)


def read_pixels(source: str) -> np.ndarray:
    """The pixels of an `<img>`, whose source holds them as PNG."""
    kind, data = source.split(",")
    assert kind == "data:image/png;base64"
    return np.array(Image.open(io.BytesIO(base64.b64decode(data))))
