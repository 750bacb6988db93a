"""Publish the book, the slides and the playground as the repository's pages on the web.

    make run slides playground
    make pages REMOTE=https://github.com/owner/name

What the first line left in `build/` becomes one commit on the branch gh-pages of the repository
REMOTE, whose host shows that branch as a website. Only git is needed. A workflow does the same
when a version tag arrives.
"""

import argparse
import posixpath
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.commands import ROOT
from tools.publish.stamp import StampError, check, read_stamp

BRANCH = "gh-pages"
PARTS = {"html": ".", "slides": "slides"}  # the folders of build/, and where they go
PLAYGROUND = "playground.html"
AUTHOR = {"user.name": "make pages", "user.email": "pages@localhost", "commit.gpgsign": "false"}
PARENT_LINK = re.compile(r'(<a [^>]*?href=")(\.\./[^"]+)"')


class PagesError(Exception):
    """The pages could not be published; the text says why."""


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder and return what it prints.

    Raises:
        PagesError: git failed; with its reason.
    """
    settings = [word for name, value in AUTHOR.items() for word in ("-c", f"{name}={value}")]
    command = ["git", *settings, *arguments]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if result.returncode:
        raise PagesError(f"git {arguments[0]} failed: {result.stderr.strip()}")
    return result.stdout


def point_at_repository(html: str, folder: str, source: str) -> str:
    """Point a page's links to files that are not published at the repository.

    Args:
        html: the page.
        folder: the folder it was written to, from the project's, such as `build/html`.
        source: the address of the project's files, with no slash at its end.
    """

    def replace(match: re.Match[str]) -> str:
        path = posixpath.normpath(f"{folder}/{match[2]}")
        return match[0] if path.startswith("build/") else f'{match[1]}{source}/{path}"'

    return PARENT_LINK.sub(replace, html)


def collect_site(build: Path, site: Path, source: str) -> None:
    """Copy what is published from `build/` into a folder, links mended.

    Args:
        build: where the commands leave what they make.
        site: the folder of the website.
        source: the address of the project's files.

    Raises:
        PagesError: a part has not been made.
    """
    missing = [name for name in (*PARTS, PLAYGROUND) if not (build / name).exists()]
    if missing:
        raise PagesError(f"build/ lacks {', '.join(missing)}: make run slides playground")
    for name, place in PARTS.items():
        shutil.copytree(build / name, site / place, dirs_exist_ok=True)
        for page in (build / name).glob("*.html"):
            html = point_at_repository(page.read_text(encoding="utf-8"), f"build/{name}", source)
            (site / place / page.name).write_text(html, encoding="utf-8")
    shutil.copy(build / PLAYGROUND, site)
    (site / ".nojekyll").touch()  # the files are shown as they are


def publish(build: Path, remote: str, source: str, title: str) -> bool:
    """Make the pages the content of the branch `BRANCH` of a repository.

    Args:
        build: where the commands leave what they make.
        remote: the repository, as git names it; it may hold a token.
        source: the address of the project's files.
        title: the message of the commit.

    Returns:
        Whether there was something to change.

    Raises:
        PagesError: a part has not been made, or git failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder)
        git(site, "init", "--quiet")
        if git(site, "ls-remote", remote, f"refs/heads/{BRANCH}"):
            git(site, "fetch", "--quiet", "--depth=1", remote, BRANCH)
            git(site, "reset", "--soft", "FETCH_HEAD")
        collect_site(build, site, source)
        git(site, "add", "--all")
        if not git(site, "status", "--porcelain"):
            return False
        git(site, "commit", "--quiet", "--message", title)
        git(site, "push", "--quiet", remote, f"HEAD:refs/heads/{BRANCH}")
    return True


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.publish.pages",
        description="Publish book, slides and playground on a repository's branch gh-pages.",
    )
    parser.add_argument("remote", help="the repository, by its address or its folder")
    options = parser.parse_args(arguments)
    try:
        address, tag = read_stamp(root)
        check(address, tag)
        source = f"{address}/blob/{tag}"
        changed = publish(root / "build", options.remote, source, f"Pages of {tag}")
    except (PagesError, StampError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{'Published' if changed else 'Nothing to change'}: {BRANCH}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
