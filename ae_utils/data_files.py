"""The data sets as files: which there are, where they lie on disk, and whether they are right.

The layout is torchvision's: a data folder holds `MNIST/raw/`, `FashionMNIST/raw/` and so on, each
with four files in MNIST's format, unpacked or as the `.gz` files that they were downloaded as.
"""

import hashlib
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import ascii_lowercase

import numpy as np
from numpy.typing import NDArray

from ae_utils.images import IMAGE_SHAPE

Bytes = NDArray[np.uint8]
MNIST_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
LONGEST = 10**9  # bytes: more than any of the files has


@dataclass(frozen=True)
class Source:
    """Four files: images and labels to train on, images and labels to test on."""

    title: str
    folder: str  # in a data folder, and torchvision's class that knows where to fetch it
    label_names: tuple[str, ...]
    download: int  # MB to fetch
    room: int  # MB that it takes while it is fetched
    parts: tuple[str, str] = ("train", "t10k")  # what the files' names begin with
    first_label: int = 0
    is_transposed: bool = False  # whether rows and columns have changed places
    sha256: Mapping[str, str] = field(default_factory=dict)  # of each unpacked file, where known

    @property
    def names(self) -> list[str]:
        """The names of the four files, unpacked."""
        kinds = ("images-idx3-ubyte", "labels-idx1-ubyte")
        return [f"{part}-{kind}" for part in self.parts for kind in kinds]


SOURCES = {
    "mnist": Source(
        "MNIST",
        "MNIST",
        tuple("0123456789"),
        download=12,
        room=60,
        sha256=MNIST_SHA256,
    ),
    "fashion": Source(
        "Fashion-MNIST",
        "FashionMNIST",
        (
            "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
            "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
        ),
        download=31,
        room=110,
    ),
    "kmnist": Source(
        "Kuzushiji-MNIST",
        "KMNIST",
        ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
        download=21,
        room=100,
    ),
    "letters": Source(
        "EMNIST letters",
        "EMNIST",
        tuple(ascii_lowercase),
        download=562,  # all of EMNIST, in one archive
        room=780,
        parts=("emnist-letters-train", "emnist-letters-test"),
        first_label=1,
        is_transposed=True,
    ),
}  # fmt: skip


def list_folders(source: Source, data_dir: str | Path | None = None) -> list[Path]:
    """Where a data set's files may lie: in the folder asked for, and in the user's own cache.

    Args:
        data_dir: a data folder, or what in it belongs to a data set, such as `MNIST/raw`. By
            default the environment variable AE_DATA_DIR. That may be relative to where the command
            was started: Jupyter starts a kernel in the notebook's folder, but PWD stays.
    """
    roots = [cache_folder()]
    if data_dir:
        roots.insert(0, Path(data_dir))
    elif given := os.environ.get("AE_DATA_DIR"):
        roots.insert(0, Path(os.environ.get("PWD", ""), Path(given).expanduser()))
    return [_find_root(root.expanduser()) / source.folder / "raw" for root in roots]


def cache_folder() -> Path:
    """Return the user's own cache folder: the same one wherever Python was started."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("ae_utils"))


def read_files(source: Source, raw: Path) -> dict[str, Bytes]:
    """Read those of a data set's files that are in a folder, packed or not, and right.

    Raises:
        OSError: if one is there and cannot be read.
    """
    files = {}
    for name in source.names:
        for path in (raw / name, raw / f"{name}.gz"):
            if path.is_file() and is_right(source, name, content := _read(path)):
                files[name] = content
                break
    return files


def is_right(source: Source, name: str, content: Bytes) -> bool:
    """Whether this is the data set's file of that name: by its SHA-256 or else by its form.

    The form is right if the file is as long as its header says, and holds images of which not all
    are blank, or each of the data set's labels and no other number.
    """
    if source.sha256:
        return hashlib.sha256(content.data).hexdigest() == source.sha256[name]
    n_dims = 3 if "images" in name else 1
    header, body = content[: 4 + 4 * n_dims], content[4 + 4 * n_dims :]
    if len(body) == 0 or header[:4].tolist() != [0, 0, 8, n_dims]:  # 8: bytes follow
        return False
    n, *shape = header[4:].view(">u4").tolist()
    if "images" in name:
        return shape == list(IMAGE_SHAPE[1:]) and len(body) == 784 * n and bool(body.any())
    labels = range(source.first_label, source.first_label + len(source.label_names))
    return len(body) == n and np.unique(body).tolist() == list(labels)


def unpack(packed: bytes) -> Bytes:
    """The content of a `.gz` file, up to `LONGEST` bytes of it; nothing if it is damaged."""
    try:
        content = zlib.decompressobj(31).decompress(packed, LONGEST)  # 31: gzip's format
    except zlib.error:
        content = b""
    return _to_array(content)


def _find_root(path: Path) -> Path:
    """The data folder that a path names itself, or by what in it belongs to a data set."""
    folders = {source.folder for source in SOURCES.values()}
    if path.name == "raw" and path.parent.name in folders:
        return path.parents[1]
    return path.parent if path.name in folders and (path / "raw").is_dir() else path


def _read(path: Path) -> Bytes:
    content = path.read_bytes()
    return unpack(content) if path.suffix == ".gz" else _to_array(content)


def _to_array(content: bytes) -> Bytes:
    return np.frombuffer(bytearray(content), np.uint8)  # a copy that PyTorch may write to
