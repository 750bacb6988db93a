"""What several test modules compare and make."""

import re
from copy import deepcopy

import torch
from bs4 import BeautifulSoup
from torch import Tensor, nn


def random_images(n: int = 50, seed: int = 0) -> Tensor:
    """Stored images of noise, uint8 (n, 1, 28, 28)."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (n, 1, 28, 28), generator=generator, dtype=torch.uint8)


def copy_weights(model: nn.Module) -> dict[str, Tensor]:
    """The weights, out of the optimizer's reach."""
    return deepcopy(dict(model.state_dict()))


def same_weights(model: nn.Module, weights: dict[str, Tensor]) -> bool:
    """Whether a model's weights are these, to the last bit."""
    state = model.state_dict()
    return state.keys() == weights.keys() and all(torch.equal(state[k], weights[k]) for k in state)


def check_message(error: BaseException, *parts: str) -> None:
    """Hold a message to three lines and to what it must name."""
    assert 1 <= len(str(error).splitlines()) <= 3
    for part in parts:
        assert part in str(error), f"{part!r} is missing in: {error}"


def addresses_fetched(html: str) -> list[str]:
    """What a browser would fetch from the network for a page."""
    tags = BeautifulSoup(html, "html.parser").select("script, link, img, iframe, source")
    named = [tag.get("src") or tag.get("href") or "" for tag in tags]
    in_code = re.findall(r"(?:import\(|@import|url\()\s*[\"']?((?:https?:)?//[^\"')]+)", html)
    return [address for address in named if re.match(r"(https?:)?//", address)] + in_code
