"""The playground: one web page that needs neither a kernel nor a network.

    python -m tools.publish.playground_page

The page holds the weights of models as they are shipped, and computes them in the browser; it
follows `ae_utils.explorer`, which does the same in a notebook. Its text, style and scripts are in
the folder `playground`.
"""

import json
import re
from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from nbformat import NotebookNode
from nbformat.v4 import new_output
from torch import Tensor, nn

from ae_utils.checkpoints import load_shipped
from ae_utils.data import DataSet, load_digits
from ae_utils.distance import DataDistance, place_levels
from ae_utils.latent import encode_dataset, evenly, limits_around
from ae_utils.maps import DIGIT_COLOURS
from ae_utils.pictures import image_png
from tools.commands import BUILD, write_whole
from tools.publish.modules import FOLDER, make_import_map
from tools.publish.packing import N_COLUMNS, export_layers, lay_out, pack, to_text

PAGE = BUILD / "playground.html"

# The shipped models that the page shows, and what it calls them. The first one is shown first.
MODELS = {
    "dense_2d": "two numbers",
    "sweep_2d": "two numbers, a smaller network, plain",
    "beta_1": "two numbers, the smaller network, variational",
    "post": "two numbers, convolutions, trained on 1,000 images",
    "sweep_8d": "eight numbers",
}
# Models that are shown together: one picture, moved on both maps.
TWINS = [("sweep_2d", "beta_1")]
N_IMAGES = 2_500  # real images in the page
N_RECORDED = 1_000  # of them on the maps of the recorded training
N_NEIGHBOURS = 10  # the distance to the data is to so many codes

# The cells that show an explorer: the model that the page then begins with, unless the cell names
# another, and the frame's class.
EXPLORER_CELLS = {
    "LatentExplorer": ("dense_2d", "explorer"),
    "TwinExplorer": ("beta_1", "explorer pair"),
}
EXPLORER_CELL = re.compile(rf"^({'|'.join(EXPLORER_CELLS)})\(", re.MULTILINE)
FRAME = f"""<style>
.explorer {{ width: 100%; height: 43rem; border: 1px solid var(--line, #cccccc); }}
.explorer.pair {{ height: 74rem; }}
@media (max-width: 50rem) {{ .explorer {{ height: 66rem; }} .explorer.pair {{ height: 114rem; }} }}
</style>
<iframe class="CLASS" src="{PAGE.name}#MODEL" title="The latent explorer"></iframe>
<p><a href="{PAGE.name}#MODEL">The explorer on a page of its own, with more to play with</a></p>"""


def make_page(digits: DataSet) -> str:
    """Make the page, with dots and real images from the test images of `digits`."""
    images, labels = (evenly(data, N_IMAGES) for data in (digits.test_images, digits.test_labels))
    contents = {
        "models": [describe_model(name, images, labels) for name in MODELS],
        "twins": [[[*MODELS].index(name) for name in pair] for pair in TWINS],
        "labels": "".join(map(str, labels.tolist())),
        "images": f"data:image/png;base64,{to_text(image_png(lay_out(images)))}",
        "columns": N_COLUMNS,
        "neighbours": N_NEIGHBOURS,
        "colours": DIGIT_COLOURS,
        "recording": describe_recording(images[:N_RECORDED]),
    }
    parts = {
        "STYLE": (FOLDER / "style.css").read_text(encoding="utf-8").strip(),
        "DATA": describe_data(digits, len(images)),
        "MODULES": make_import_map("main.js"),
        # Nothing in it can end the script element.
        "CONTENTS": json.dumps(contents).replace("<", r"\u003c"),
    }
    page = (FOLDER / "page.html").read_text(encoding="utf-8")
    return re.sub("|".join(parts), lambda found: parts[found[0]], page)


def describe_model(name: str, images: Tensor, labels: Tensor) -> dict[str, Any]:
    """What the page has to know of a shipped model.

    Args:
        name: a key of `MODELS`.
        images: uint8 (N, 1, 28, 28), the real images of the page.
        labels: int64 (N,).

    Returns:
        Its decoder and encoder, the codes of the images, and what follows from these; JSON can hold
        it.
    """
    model, about = load_shipped(name)
    codes = encode_dataset(model.encode, images)
    distance = DataDistance(codes, N_NEIGHBOURS)
    sizes = " → ".join(filter(None, map(input_size, model.decoder)))
    centres = [(k, codes[labels == k].median(0).values.tolist()) for k in labels.unique().tolist()]
    return {
        "id": name,
        "name": f"{MODELS[name]} ({name})",
        "facts": f"Decoder: {sizes} → 28 × 28. Mean squared error on MNIST's "
        f"test images: {about['test_error']:.4f}.",
        "limits": limits_around(codes),
        "decoder": export_layers(model.decoder),
        "encoder": export_layers(model.encoder),
        "codes": pack(codes),
        "unit": distance.unit,
        "levels": place_levels(distance, codes),
        "centres": [[digit, *centre] for digit, centre in centres],
    }


def describe_recording(images: Tensor) -> dict[str, Any]:
    """What the page has to know of the recorded training: each moment's map, decoder and errors.

    Args:
        images: uint8 (N, 1, 28, 28), those to be mapped.
    """
    recording, about = load_shipped("recording")
    codes = [encode_dataset(each.encode, images) for each in recording.models]
    return {
        "steps": list(recording.moments),
        "train_errors": about["train_errors"],
        "test_errors": about["test_errors"],
        "limits": limits_around(torch.cat(codes)),
        "moments": [
            {"codes": pack(z.half()), "decoder": export_layers(each.decoder)}
            for each, z in zip(recording.models, codes, strict=True)
        ],
    }


def input_size(layer: nn.Module) -> str:
    """How much a layer with weights takes in: numbers, or channels of images."""
    if isinstance(layer, nn.Linear):
        return str(layer.in_features)
    return f"{layer.in_channels} channels" if isinstance(layer, nn.ConvTranspose2d) else ""


def describe_data(digits: DataSet, n_images: int) -> str:
    """Tell the reader which real images the page holds, and what is measured by them."""
    origin = {
        "mnist": "MNIST",
        "digits": "scikit-learn's digits, since MNIST was not at hand when this page was made "
        "(the models were trained on MNIST)",
    }[digits.name]
    return (
        f"The real images are {n_images:,} of the {len(digits.test_images):,} test images of "
        f"{origin}. Each dot of a map is the code of one of them. How lonely a point is: its mean "
        f"distance to the {N_NEIGHBOURS} nearest codes, divided by the median over all codes."
    )


def write_page(path: Path) -> Path:
    """Write the page, with MNIST or else with the embedded digits."""
    write_whole(path, make_page(load_digits()))
    return path


def embed_explorer(notebook: NotebookNode) -> NotebookNode:
    """Return an executed notebook with the page where it shows an explorer.

    An explorer is dead without a kernel. The notebook itself is left as it is.
    """
    notebook = deepcopy(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    shown = [(cell, EXPLORER_CELL.search(cell.source)) for cell in code]
    for cell, found in shown:
        if found:
            default, css_class = EXPLORER_CELLS[found[1]]
            model = next((name for name in MODELS if f'"{name}"' in cell.source), default)
            frame = FRAME.replace("MODEL", model).replace("CLASS", css_class)
            cell.outputs = [new_output("display_data", {"text/html": frame})]
    return notebook


def write_beside(pages: Iterable[str], folder: Path) -> None:
    """Write the page into the folder of some other pages, if one of them shows it."""
    if any(f'src="{PAGE.name}' in page for page in pages):
        write_page(folder / PAGE.name)


def main() -> None:
    """Write the page to `build/`."""
    path = write_page(PAGE)
    print(f"{path} ({path.stat().st_size / 1e6:.1f} MB): open it in a browser")


if __name__ == "__main__":
    main()
