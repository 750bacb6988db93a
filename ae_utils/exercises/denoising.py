"""The exercises of notebook 5 that are about noise."""

import torch
from torch import Tensor, nn

from ae_utils.exercises.exercise import Exercise, Function


def mask(x: Tensor, share: float) -> Tensor:
    """Images with about the share `share` of all pixels set to 0."""
    return x.masked_fill(torch.rand(x.shape) < share, 0)


def _mask_in_place(x: Tensor, share: float) -> Tensor:
    x *= torch.rand(x.shape) >= share
    return x


def _describe_holes(masked: Tensor, x: Tensor, share: float) -> list[str]:
    """What can be said of grey images with holes, whichever pixels have been drawn."""
    holes = masked == 0
    rows, columns = (bool((holes == part).all()) for part in (holes[..., :1], holes[:, :, :1]))
    return [
        f"a share of about {round(4 * holes.float().mean().item()) / 4:g} erased",
        f"whole images, rows or columns: {rows and columns}, {rows}, {columns}",
        f"{'the same' if (holes == holes[:1]).all() else 'other'} holes in every image",
        f"{masked.max():g} where nothing is erased",
    ]


MASK = Exercise(
    right=mask,
    cases=lambda: [(torch.full((200, 1, 28, 28), 0.5), share) for share in (0.25, 0.75)],
    mistakes={
        "It erases what should stay, and keeps what should go: turn the comparison round.": (
            lambda x, share: x * (torch.rand(x.shape) < share)
        ),
        "All images have the same holes: draw a number for each pixel of each image, `x.shape`.": (
            lambda x, share: x * (torch.rand(x.shape[1:]) >= share)
        ),
        "Whole images are gone, the others are whole: draw for each pixel, `x.shape`.": (
            lambda x, share: x * (torch.rand(len(x), 1, 1, 1) >= share)
        ),
        "Whole rows are gone, or stay: draw for each pixel, `x.shape`.": (
            lambda x, share: x * (torch.rand(len(x), 1, 28, 1) >= share)
        ),
        "Whole columns are gone, or stay: draw for each pixel, `x.shape`.": (
            lambda x, share: x * (torch.rand(len(x), 1, 1, 28) >= share)
        ),
        "x itself has changed, and it is also the target: make a new tensor, x * kept.": (
            _mask_in_place
        ),
    },
    outcome=_describe_holes,
)


class Echo(nn.Module):
    """Gives back what it sees, and remembers it in `seen`."""

    def forward(self, x: Tensor) -> Tensor:
        """The same images."""
        self.seen = x.clone()
        return x


def denoise(model: nn.Module, x: Tensor) -> Tensor:
    """The error against the clean x of what the model makes of x with holes."""
    seen = x * (torch.rand(x.shape) >= 0.25)
    return (model(seen) - x).square().mean()


def _denoise_to_holes(model: nn.Module, x: Tensor) -> Tensor:
    holes = torch.rand(x.shape) < 0.25
    x = x.masked_fill(holes, 0)
    return (model(x) - x).square().mean()


def _denoise_in_place(model: nn.Module, x: Tensor) -> Tensor:
    x.masked_fill_(torch.rand(x.shape) < 0.25, 0)
    return (model(x) - x).square().mean()


def _denoise_with(fill: float, scale: float = 1) -> Function:
    """Right, but for what is put into the holes, and what the rest is multiplied by."""

    def loss(model: nn.Module, x: Tensor) -> Tensor:
        seen = (scale * x).masked_fill(torch.rand(x.shape) < 0.25, fill)
        return (model(seen) - x).square().mean()

    return loss


def _describe_loss(loss: Tensor, model: Echo, x: Tensor) -> list[str]:
    """What the model saw of images that are 0.5 all over, and the loss, to a quarter of 0.5²."""
    erased, most = (model.seen == 0).float().mean().item(), model.seen.max()
    return [
        f"holes in a share of {round(4 * erased) / 4:g}",
        f"{most:.2f} as the most that is seen",
        f"a loss of {round(16 * loss.item()) / 16:g}",
    ]


DENOISE = Exercise(
    right=denoise,
    cases=lambda: [(Echo(), torch.full((8, 1, 28, 28), 0.5))],
    mistakes={
        "The holes are gone, and the task with them: the model has to see x with holes.": (
            lambda model, x: (model(x) - x).square().mean()
        ),
        "The model sees the clean images and is asked for holes: it is the other way round.": (
            lambda model, x: (model(x) - mask(x, 0.25)).square().mean()
        ),
        "x itself has changed, so the clean images are gone; `clean = x` is no copy either, but "
        "the same tensor under another name. Make a new tensor.": _denoise_in_place,
        "There is full ink in the holes: set them to 0.": _denoise_with(1),
        "The pixels that stay became darker, too: leave them as they are.": (
            _denoise_with(0, 1 / 0.75)
        ),
    },
    bug=_denoise_to_holes,
    outcome=_describe_loss,
)
