"""The pages on the web: what is published, and on which branch, tried on a local repository."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tools.publish import pages

SOURCE = "https://github.com/ada/digits/blob/v1.0"
STAMP = '[tool.stamp]\naddress = "https://github.com/ada/digits"\ntag = "v1.0"\n'


@pytest.fixture
def root(tmp_path) -> Path:
    """A stamped project's folder in which everything has been made."""
    folder = tmp_path / "project"
    for name in ("html/index.html", "html/01_a.html", "slides/01_a.html", "playground.html"):
        path = folder / "build" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'<a href="../../README.md">{name}</a> <a href="index.html">', "utf-8")
    (folder / "pyproject.toml").write_text(STAMP, "utf-8")
    return folder


@pytest.fixture
def remote(tmp_path) -> Path:
    """An empty bare repository."""
    if shutil.which("git") is None:
        pytest.skip("needs git")
    subprocess.run(["git", "init", "--quiet", "--bare", tmp_path / "remote"], check=True)
    return tmp_path / "remote"


def published(remote: Path) -> set[str]:
    """The files of the branch."""
    return set(pages.git(remote, "ls-tree", "-r", "--name-only", pages.BRANCH).split())


def test_pages_are_published_changed_and_left_alone(root, remote, capsys):
    files = {".nojekyll", "index.html", "01_a.html", "slides/01_a.html", "playground.html"}
    assert pages.main([str(remote)], root) == 0
    assert published(remote) == files
    (root / "build/html/01_a.html").unlink()
    assert pages.main([str(remote)], root) == 0
    assert published(remote) == files - {"01_a.html"}
    assert pages.main([str(remote)], root) == 0
    assert pages.git(remote, "log", "--format=%s", pages.BRANCH) == "Pages of v1.0\n" * 2
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["Published: gh-pages"] * 2 + ["Nothing to change: gh-pages"]


def test_links_out_of_the_pages_lead_to_the_repository(root, tmp_path):
    pages.collect_site(root / "build", tmp_path / "site", SOURCE)
    for name in ("index.html", "slides/01_a.html"):
        html = (tmp_path / "site" / name).read_text("utf-8")
        assert f'<a href="{SOURCE}/README.md">' in html and '<a href="index.html">' in html


def test_what_is_not_made_not_stamped_or_not_reached_is_named(root, remote, tmp_path, capsys):
    assert pages.main([str(tmp_path / "nowhere")], root) == 1
    assert "git ls-remote failed: " in capsys.readouterr().err
    shutil.rmtree(root / "build/slides")
    assert pages.main([str(remote)], root) == 1
    assert "build/ lacks slides: make run slides playground" in capsys.readouterr().err
    (root / "pyproject.toml").write_text('[tool.stamp]\naddress = ""\ntag = ""\n', "utf-8")
    assert pages.main([str(remote)], root) == 1
    assert "The address is ''" in capsys.readouterr().err
