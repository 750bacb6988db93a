"""MNIST's four raw files: found on disk, verified by SHA-256, fetched when they are missing.

The layout is torchvision's: a data folder holds `MNIST/raw/`, and that holds the unpacked files.
Only the functions that fetch import requests and torchvision, which takes seconds.
"""

import errno
import hashlib
import os
import shutil
import sys
import tempfile
import zlib
from concurrent.futures import Future
from itertools import count
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout
from tqdm import tqdm

if TYPE_CHECKING:
    import requests

RAW_FILES = {  # the SHA-256 of each unpacked file
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
ROOM = 60  # MB that the four need together
LIMITS = {  # how many seconds to wait before giving up
    "connect": 10.0,  # for one address of a mirror
    "answer": 15.0,  # for the head of an answer: name look-up and all addresses together
    "read": 30.0,  # between two bytes
    "total": 45.0,  # in vain, shared equally by the mirrors
    "lock": 180.0,  # for another process that is fetching into the same folder
}


class DataError(RuntimeError):
    """The images cannot be had: three lines that name the object, the cause and the cure."""


def find_or_fetch_mnist(data_dir: str | Path | None = None) -> Path:
    """The folder with MNIST's four unpacked, verified files; what is missing is downloaded.

    Args:
        data_dir: a torchvision root; by default AE_DATA_DIR or else the user's cache folder, which
            also steps in for a folder that lacks the files and cannot take them.

    Raises:
        DataError: MNIST is not on disk, and no mirror gave it or no folder can take it.
    """
    given = data_dir or os.environ.get("AE_DATA_DIR")
    roots = [Path(given).expanduser(), cache_folder()] if given else [cache_folder()]
    causes = []
    for raw in (root / "MNIST" / "raw" for root in roots):
        try:
            if list_missing_files(raw):
                fetch_missing_files(raw)
            return raw
        except OSError as error:
            causes.append(f"{raw}: {describe(error)}")
            print(f"Not used for MNIST: {causes[-1]}.")
    cure = "free some space there, or set AE_DATA_DIR to a folder that you can write to"
    raise DataError(f"MNIST cannot be stored.\nCause: {'; '.join(causes)}.\nCure: {cure}.")


def cache_folder() -> Path:
    """Return the user's own cache folder: the same one wherever Python was started."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("ae_utils"))


def list_missing_files(raw: Path) -> list[str]:
    """Name MNIST's files that are not in the folder, or there with wrong content."""
    return [name for name in RAW_FILES if not is_verified(raw / name)]


def is_verified(path: Path) -> bool:
    """Compare a file's SHA-256 with that of MNIST's file of the same name."""
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == RAW_FILES[path.name]


def fetch_missing_files(raw: Path) -> None:
    """Set wrong files aside, then download what is missing; an OSError says why it has no place."""
    raw.mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=raw).close()  # where nothing can be written, a lock would wait
    print(f"Fetching MNIST (12 MB) into {raw}.")
    lock = FileLock(raw / "download.lock", timeout=LIMITS["lock"])
    with lock:
        for path in (raw / name for name in list_missing_files(raw)):
            if path.exists():
                set_aside(path)
    if list_missing_files(raw):  # none if another process has just fetched them
        if (free := shutil.disk_usage(raw).free / 1e6) < ROOM:
            raise OSError(errno.ENOSPC, f"{ROOM} MB are needed, {free:.0f} MB are free")
        fetch_from_mirrors(raw, lock)


def set_aside(path: Path) -> None:
    """Rename a file whose content is not MNIST's: the user may still want it."""
    names = (path.with_name(f"{path.name}.bad{n or ''}") for n in count())
    spare = next(name for name in names if not name.exists())
    size = path.stat().st_size
    path.rename(spare)
    print(f"{path.name} ({size:,} bytes) is not MNIST's file: set aside as {spare.name}.")


def fetch_from_mirrors(raw: Path, lock: FileLock) -> None:
    """Fetch what is missing from the first mirror that has it; what others gave is kept."""
    import requests
    from torchvision.datasets import MNIST  # type: ignore[import-untyped]

    share = LIMITS["total"] / len(MNIST.mirrors)
    causes = []
    for mirror in MNIST.mirrors:
        try:
            any_file = f"{mirror}{min(RAW_FILES)}.gz"
            ask("HEAD", any_file, share).close()  # without the lock: all processes wait at once
            with lock:
                for name in list_missing_files(raw):
                    fetch_file(mirror, name, raw, share)
            return
        except (requests.RequestException, zlib.error) as error:
            causes.append(f"{mirror}: {describe(error)}")
    cause = "; ".join(causes)
    cure = "connect to the internet and load again, or copy MNIST's four unpacked files there"
    if "TLS certificate" in cause:
        cure = "update certifi with pip, or set REQUESTS_CA_BUNDLE to your network's certificate"
    raise DataError(f"MNIST could not be fetched into {raw}.\nCause: {cause}.\nCure: {cure}.")


def ask(method: str, url: str, share: float) -> "requests.Response":
    """Send a request and wait for the head of its answer, at most `share` seconds.

    It runs in a thread, since the look-up of the host's name knows no time-out, and each of the
    host's addresses has the full one.
    """
    import requests

    timeout = (LIMITS["connect"], min(LIMITS["read"], share))
    answer: Future[requests.Response] = Future()

    def send() -> None:
        try:
            answer.set_result(requests.request(method, url, timeout=timeout, stream=True))
        except requests.RequestException as error:
            answer.set_exception(error)

    Thread(target=send, daemon=True).start()
    try:
        return answer.result(min(LIMITS["answer"], share))
    except TimeoutError as error:
        raise requests.Timeout("timed out") from error


def fetch_file(mirror: str, name: str, raw: Path, share: float) -> None:
    """Download one file, unpack and verify it, and only then put it in its place."""
    with ask("GET", f"{mirror}{name}.gz", share) as answer:
        answer.raise_for_status()
        n = int(answer.headers.get("Content-Length", 0)) // 1000
        pieces = tqdm(answer.iter_content(1000), name, n, unit="kB", leave=False, file=sys.stdout)
        packed = b"".join(pieces)
    with tempfile.TemporaryDirectory(prefix="fetching-", dir=raw) as scratch:
        unpacked = Path(scratch, name)
        content = zlib.decompressobj(31).decompress(packed, ROOM * 10**6)  # 31: gzip's format
        unpacked.write_bytes(content)
        if not is_verified(unpacked):
            raise zlib.error("not MNIST's content")
        os.replace(unpacked, raw / name)


def describe(error: Exception) -> str:
    """Put into words why a mirror failed, or why a folder cannot take the files."""
    import requests

    text = getattr(error, "strerror", None) or str(error)
    table: tuple[tuple[type[Exception], str, str], ...] = (  # kind, part of its text, in our words
        (requests.HTTPError, "", text.partition(" for url")[0]),
        (requests.exceptions.SSLError, "", "its TLS certificate was not accepted"),
        (requests.RequestException, "timed out", "no answer for too long"),
        (requests.RequestException, "resolve", "host name not found (no network?)"),
        (requests.RequestException, "", "connection refused or cut"),
        (zlib.error, "", "sent something else than MNIST (a log-in page, or a damaged file)"),
        (Timeout, "", f"another process has been fetching it for over {LIMITS['lock']:g} s"),
        (Exception, "", text),
    )
    return next(words for kind, part, words in table if isinstance(error, kind) and part in text)
