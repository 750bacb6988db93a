"""MNIST's four raw files: found on disk, verified by SHA-256, fetched when they are missing.

The layout is torchvision's: a data folder holds `MNIST/raw/`, and that holds the unpacked files.
"""

import gzip
import hashlib
import os
import shutil
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

# Size in bytes and SHA-256 of each unpacked file.
RAW_FILES = {
    "train-images-idx3-ubyte": (
        47_040_016,
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    "train-labels-idx1-ubyte": (
        60_008,
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    "t10k-images-idx3-ubyte": (
        7_840_016,
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    "t10k-labels-idx1-ubyte": (
        10_008,
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
}

TLS_FAILED = "its TLS certificate was not accepted"
WRONG_CONTENT = "sent something else than MNIST (a log-in page, or a damaged file)"


@dataclass(frozen=True)
class Limits:
    """How long the download waits, in seconds, before it gives up."""

    connect: float = 10.0  # for one address of a mirror
    probe: float = 15.0  # for a mirror's first answer, all its addresses together
    read: float = 30.0  # between two bytes
    total: float = 45.0  # in vain, all mirrors together
    lock: float = 180.0  # for another process that is fetching into the same folder


LIMITS = Limits()


class DataError(RuntimeError):
    """The images cannot be had: three lines that name the object, the cause and the cure."""

    def __init__(self, what: str, cause: str, cure: str) -> None:
        super().__init__(what, cause, cure)

    def __str__(self) -> str:
        what, cause, cure = self.args
        return f"{what}.\nCause: {cause}.\nCure: {cure}."


class MirrorError(Exception):
    """A mirror failed, after so many seconds of waiting in vain."""

    def __init__(self, cause: str, waited: float = 0.0) -> None:
        super().__init__(cause)
        self.waited = waited


def find_or_fetch_mnist(data_dir: str | Path | None = None) -> Path:
    """Find verified MNIST on disk, or download what is missing.

    Args:
        data_dir: a torchvision root; by default AE_DATA_DIR or else the user's cache folder, which
            also steps in for a folder that lacks the files and cannot be written to.

    Returns:
        The folder with the four verified, unpacked files.

    Raises:
        DataError: MNIST is neither on disk nor to be had from a mirror, or cannot be stored.
    """
    given = data_dir or os.environ.get("AE_DATA_DIR")
    roots = [Path(given).expanduser(), cache_folder()] if given else [cache_folder()]
    for raw in (root / "MNIST" / "raw" for root in roots):
        missing = list_missing_files(raw)
        if missing and is_writable(raw):
            fetch_missing_files(raw)
        elif missing:
            print(f"{raw} cannot be written to and lacks {', '.join(missing)}: not used.")
            continue
        return raw
    raise DataError(
        "MNIST cannot be stored",
        f"cannot write to {' or '.join(map(str, roots))}",
        "set AE_DATA_DIR to a folder that you can write to",
    )


def cache_folder() -> Path:
    """Return the user's own cache folder: the same one wherever Python was started."""
    import pooch  # type: ignore[import-untyped]

    return Path(pooch.os_cache("ae_utils"))


def is_writable(folder: Path) -> bool:
    """Try whether files can be made in a folder, which is made first if need be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def list_missing_files(raw: Path) -> list[str]:
    """Name MNIST's files that are not in the folder, or there with wrong content."""
    return [name for name in RAW_FILES if not is_verified(raw / name)]


def is_verified(path: Path) -> bool:
    """Compare a file's size and SHA-256 with those of MNIST's file of the same name."""
    size, sha256 = RAW_FILES[path.name]
    try:
        if path.stat().st_size != size:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False


def fetch_missing_files(raw: Path) -> None:
    """Set wrong files aside, then download what is missing, one process at a time.

    Args:
        raw: the folder for the unpacked files.

    Raises:
        DataError: no mirror gave the files, the disk is full, or another process blocks the folder.
    """
    try:
        with lock_folder(raw):
            set_wrong_files_aside(raw)
        if missing := list_missing_files(raw):
            check_disk_space(raw, missing)
            fetch_from_mirrors(raw)
    except OSError as error:
        raise DataError(
            f"MNIST cannot be stored in {raw}",
            error.strerror or str(error),
            "free some space there, or set AE_DATA_DIR to another folder",
        ) from error


@contextmanager
def lock_folder(raw: Path) -> Iterator[None]:
    """Keep other processes from writing to the folder; wait for one that already does."""
    from filelock import FileLock, Timeout

    lock = FileLock(raw / "download.lock")
    try:
        try:
            lock.acquire(timeout=min(1.0, LIMITS.lock))
        except Timeout:
            print(f"Waiting for another process that is fetching MNIST into {raw}.")
            lock.acquire(timeout=LIMITS.lock)
    except Timeout as error:
        raise DataError(
            f"MNIST was not fetched into {raw}",
            f"another process has been fetching it for over {LIMITS.lock:g} s",
            "wait for that process or stop it, then load again",
        ) from error
    try:
        yield
    finally:
        lock.release()


def set_wrong_files_aside(raw: Path) -> None:
    """Rename the files whose content is not MNIST's: the user may still want them."""
    for path in (raw / name for name in list_missing_files(raw)):
        if not path.exists():
            continue
        candidates = (path.with_name(f"{path.name}.bad{n or ''}") for n in count())
        spare = next(candidate for candidate in candidates if not candidate.exists())
        size = path.stat().st_size
        path.rename(spare)
        print(f"{path.name} ({size:,} bytes) is not MNIST's file: set aside as {spare.name}.")


def check_disk_space(raw: Path, names: list[str]) -> None:
    """Make sure that the files fit on the disk, each of them packed and unpacked."""
    needed = 1.25 * sum(RAW_FILES[name][0] for name in names)
    free = shutil.disk_usage(raw).free
    if free < needed:
        raise DataError(
            f"MNIST needs {needed / 1e6:.0f} MB in {raw}",
            f"only {free / 1e6:.0f} MB are free on that disk",
            "free some space there, or set AE_DATA_DIR to a folder on another disk",
        )


def fetch_from_mirrors(raw: Path) -> None:
    """Fetch what is missing from the first mirror that has it; the files fetched so far are kept.

    Args:
        raw: the folder for the unpacked files.

    Raises:
        DataError: every mirror failed; the message says how.
    """
    from torchvision.datasets import MNIST  # type: ignore[import-untyped]

    print(f"Fetching MNIST (12 MB) into {raw}.")
    failures = {}
    patience = LIMITS.total
    for mirror in MNIST.mirrors:
        try:
            patience -= probe_mirror(mirror, min(LIMITS.probe, patience))
            with lock_folder(raw):
                for name in list_missing_files(raw):
                    fetch_file(mirror, name, raw, max(0.1, min(LIMITS.read, patience)))
            return
        except MirrorError as error:
            failures[urlsplit(mirror).netloc] = str(error)
            patience -= error.waited
    raise DataError(
        f"MNIST could not be fetched into {raw}",
        "; ".join(f"{host}: {cause}" for host, cause in failures.items()),
        suggest_cure(TLS_FAILED in failures.values()),
    )


def suggest_cure(tls_failed: bool) -> str:
    """Say what a reader can do when no mirror gave MNIST."""
    if tls_failed:
        return (
            "update the certificates (pip install --upgrade certifi), or set REQUESTS_CA_BUNDLE "
            "to the file with your network's certificate, then load again"
        )
    return "connect to the internet and load again, or copy MNIST's four unpacked files there"


def probe_mirror(mirror: str, limit: float) -> float:
    """Wait for a mirror's first answer, of whatever kind.

    The request runs in a thread of its own: it tries each of the host's addresses in turn, with
    the full time-out every time, and looks up the host's name with no time-out at all.

    Args:
        mirror: the address of the mirror's folder.
        limit: how long to wait, in seconds.

    Returns:
        The seconds that the answer took.

    Raises:
        MirrorError: no connection, or no answer in time.
    """
    import requests

    if limit <= 0:
        raise MirrorError("not tried after so much waiting")
    failures: list[requests.RequestException] = []

    def ask() -> None:
        try:
            requests.head(f"{mirror}{next(iter(RAW_FILES))}.gz", timeout=(LIMITS.connect, limit))
        except requests.RequestException as error:
            failures.append(error)

    began = time.monotonic()
    thread = Thread(target=ask, daemon=True)
    thread.start()
    thread.join(limit)
    waited = time.monotonic() - began
    gave_up = any(isinstance(failure, requests.ReadTimeout) for failure in failures)
    if thread.is_alive() or gave_up:  # on a busy machine the request may run out of time first
        raise MirrorError(f"no answer within {limit:.2g} s", waited)
    if failures:
        raise MirrorError(describe_failure(failures[0]), waited)
    return waited


def fetch_file(mirror: str, name: str, raw: Path, read_limit: float) -> None:
    """Download one file, unpack and verify it, and only then put it in its place.

    Args:
        mirror: the address of the mirror's folder.
        name: the unpacked file's name, a key of RAW_FILES.
        raw: the folder for the unpacked file.
        read_limit: how long to wait for the next byte, in seconds.

    Raises:
        MirrorError: the mirror broke off, or what it sent is not MNIST.
    """
    with tempfile.TemporaryDirectory(prefix="fetching-", dir=raw) as scratch:
        packed = download_packed_file(mirror, f"{name}.gz", Path(scratch), read_limit)
        unpacked = Path(scratch, name)
        try:
            with gzip.open(packed) as source, unpacked.open("wb") as target:
                shutil.copyfileobj(source, target)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise MirrorError(WRONG_CONTENT) from error
        if not is_verified(unpacked):
            raise MirrorError(WRONG_CONTENT)
        os.replace(unpacked, raw / name)


def download_packed_file(mirror: str, name: str, folder: Path, read_limit: float) -> Path:
    """Download one packed file with a progress bar and check its MD5; raise a MirrorError."""
    import pooch
    import requests
    from torchvision.datasets import MNIST
    from tqdm import tqdm

    pooch.get_logger().setLevel("WARNING")
    timeout = (LIMITS.connect, read_limit)
    try:
        with tqdm(
            total=1, desc=name, unit="B", unit_scale=True, leave=False, file=sys.stdout
        ) as bar:
            downloader = pooch.HTTPDownloader(progressbar=bar, chunk_size=65536, timeout=timeout)
            known_hash = f"md5:{dict(MNIST.resources)[name]}"
            pooch.retrieve(mirror + name, known_hash, name, folder, downloader=downloader)
    except requests.RequestException as error:
        cause = describe_failure(error)
        raise MirrorError(cause, read_limit if is_timeout(error) else 0.0) from error
    except ValueError as error:  # pooch: the checksum differs
        raise MirrorError(WRONG_CONTENT) from error
    return folder / name


def is_timeout(error: Exception) -> bool:
    """Tell a time-out; within a body requests reports one as a plain ConnectionError."""
    import requests

    return isinstance(error, requests.Timeout) or "timed out" in str(error)


def describe_failure(error: Exception) -> str:
    """Say in a few words why a request failed."""
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"HTTP {error.response.status_code}"
    if isinstance(error, requests.exceptions.SSLError):
        return TLS_FAILED
    if is_timeout(error):
        return "it stopped answering"
    if "resolve" in str(error):
        return "host name not found (no network?)"
    return "connection refused or cut"
