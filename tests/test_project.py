"""The files that set the project up agree with one another, and workflows keep to their rules."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.make.animation import ANIMATION, walk
from tools.make.figures import PICTURES

ROOT = Path(__file__).parents[1]
CONDA_NAMES = {"torch": "pytorch-cpu", "matplotlib": "matplotlib-base"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
REQUIRED = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["notebooks"]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").iterdir())
CHECKED = {  # whose commits have been looked up; look another up before adding it
    "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683",
    "actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065",
    "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02",
}


def conda_requirement(requirement: str) -> str:
    """Return a requirement of pyproject.toml as conda-forge calls it."""
    name, limits = re.fullmatch(r"([\w-]+)(.*)", requirement).groups()
    return CONDA_NAMES.get(name, name.replace("jupyter-", "jupyter_")) + limits


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder with the project's Makefile and what that reads."""
    if shutil.which("make") is None:
        pytest.skip("needs make")
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run make in a folder, untouched by a make that runs these tests."""
    inherited = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHON")
    env = {name: value for name, value in os.environ.items() if name not in inherited}
    return subprocess.run(["make", *arguments], cwd=folder, env=env, capture_output=True, text=True)


def dry_run(folder: Path, *commands: str) -> str:
    """What make would run in a folder where all is set up."""
    (folder / ".venv").mkdir()
    for stamp in (".notebooks-installed", ".tests-installed"):
        (folder / ".venv" / stamp).touch()
    return make(folder, "--dry-run", *commands).stdout


def test_conda_environment_has_what_pip_would_install():
    *conda, last = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    assert sorted(conda) == sorted([*map(conda_requirement, REQUIRED), "python=3.12", "pip"])
    assert last == {"pip": ["-e ."]}


def test_binder_builds_from_that_environment_and_has_the_data_in_its_image():
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", str(ROOT)]
    dockerfile = subprocess.check_output(command, stderr=subprocess.STDOUT, text=True)
    assert "Building conda environment for python=3.12" in dockerfile
    assert '--file "environment.yml"' in dockerfile
    assert "RUN ./postBuild" in dockerfile


def test_missing_data_do_not_fail_the_build_on_binder(tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho no mirror answers >&2; exit 1\n")
    python.chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    result = subprocess.run([ROOT / "postBuild"], env=env, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "no mirror answers\n")


def test_colabs_versions_are_supported():
    allowed = {each.name: each.specifier for each in map(Requirement, REQUIRED)}
    for line in (ROOT / "tests" / "colab.txt").read_text().splitlines()[1:]:
        name, version = line.removesuffix(".*").split("==")
        assert name == "ipython" or allowed[name].contains(version), line


def test_oldest_versions_are_the_lower_limits():
    limits = [re.fullmatch(r"([\w-]+)>=([\d.]+).*", each) for each in REQUIRED]
    pins = [f"{limit[1]}=={limit[2]}" for limit in limits if limit]
    lines = (ROOT / "tests" / "oldest.txt").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == pins


def test_pictures_are_listed_and_the_readme_opens_with_one_and_describes_them_as_listed():
    text, readme = (ROOT / "figures/README.md").read_text(), (ROOT / "README.md").read_text()
    listed = dict(re.findall(r"^\| `(.+?)` \| (.{40,}\.) \|$", text, re.MULTILINE))
    assert set(listed) == {path.name for path in (ROOT / "figures").glob("*.[!m]*")}
    assert set(listed) == {ANIMATION.name, *(f"{name}.png" for name in PICTURES)}
    assert ANIMATION.stat().st_size < 2e6
    shown = {name: text for text, name in re.findall(r"!\[(.+?)\]\(figures/(.+?)\)", readme)}
    assert shown and shown.items() <= listed.items()
    assert readme.index("![") < readme.index("## Start")


def test_way_of_the_animation_goes_through_all_places_and_slower_there():
    points = list(walk([[0, 0], [4, 0], [4, 8]], 4))
    assert points[0] == [0, 0] and points[4] == [4, 0] and len(points) == 8
    assert points[2] == pytest.approx([2, 0]) and 0 < points[1][0] < 1


# Commands.


def test_make_help_has_a_line_for_every_command(folder):
    commands = re.search(r"^\.PHONY: (.*)", (ROOT / "Makefile").read_text(), re.MULTILINE)[1]
    lines = make(folder).stdout.splitlines()
    assert sorted(line.split()[1] for line in lines) == sorted(commands.split())
    assert all(len(line.split()) > 3 for line in lines)


def test_every_command_is_a_module_that_there_is_and_every_module_a_command(folder):
    commands = ["run", "slides", "pdf", "weights", "figures", "photographs", "experiments"]
    commands += ["animation", "playground", "starters", "pages", "bench", "training", "memory"]
    run = re.findall(r"-m (tools\.\S+)", dry_run(folder, "stamp", *commands))
    starts = 'if __name__ == "__main__":\n'
    found = [path for path in ROOT.glob("tools/**/*.py") if starts in path.read_text()]
    modules = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in found}
    modules.remove("tools.measure.bench.loops")  # which the benchmark runs
    assert {name.removesuffix(".__main__") for name in modules} == set(run)


@pytest.mark.parametrize("version", [(3, 10, 14), (3, 15, 0), None])
def test_wrong_or_missing_python_is_refused_in_one_line_before_anything_is_made(folder, version):
    python = folder / "other-python"
    if version:
        pretend = f"import sys; sys.version_info = {version}; exec(sys.argv[2])"
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{pretend}" "$@"\n')
        python.chmod(0o755)
    result = make(folder, "run", f"PYTHON={python}")
    assert result.returncode != 0
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert "Python 3.11 to 3.14 is needed: " in line
    assert (f"{python} is Python" if version else str(python)) in line
    assert not (folder / ".venv").exists()


def test_commands_set_nothing_up_twice(folder):
    assert "pip install" in make(folder, "--dry-run", "test").stdout
    assert "pip install" not in dry_run(folder, "run", "test")


def test_supported_pythons_are_the_same_everywhere():
    assert PROJECT["requires-python"] == ">=3.11,<3.15"
    assert "(3, 11) <= sys.version_info < (3, 15)" in (ROOT / "Makefile").read_text()
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text())["jobs"]
    assert jobs["linux"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13", "3.14"]


def test_versions_known_to_be_good_are_exact_complete_and_allowed_and_one_job_takes_them():
    title, *lines = (ROOT / "tests" / "known-good.txt").read_text().splitlines()
    assert all(re.fullmatch(r"[\w.-]+==[\w.+]+", line) for line in lines)
    pins = {canonicalize_name(n): v for n, v in (line.split("==") for line in lines)}
    assert len(pins) == len(lines)
    for each in map(Requirement, REQUIRED + PROJECT["optional-dependencies"]["tests"]):
        assert each.specifier.contains(pins[canonicalize_name(each.name)]), each
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text())["jobs"]
    assert jobs["known-good"]["env"]["PIP_CONSTRAINT"] == "tests/known-good.txt"
    python = jobs["known-good"]["steps"][1]["with"]["python-version"]
    assert f"for Python {python};" in title


def test_uv_installs_what_the_notebooks_need():
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"] == {
        "dev": ["ae-utils[notebooks]"]
    }


def test_container_is_built_from_what_there_is_and_without_a_part_for_root():
    folder = ROOT / ".devcontainer"
    settings = json.loads((folder / "devcontainer.json").read_text())
    dockerfile = (folder / settings["build"]["dockerfile"]).read_text()
    user = settings["remoteUser"]
    as_root, as_user = dockerfile.split(f"USER {user}\n")
    assert re.search(rf"useradd .* {user} ", as_root) and "apt-get" not in as_user
    places = re.findall(r"^(?:ENV VIRTUAL_ENV=|WORKDIR )(.+)", as_user, re.MULTILINE)
    assert len(places) == 2 and all(place.startswith(f"/home/{user}/") for place in places)
    extra = re.search(r"--editable \"\.\[(\w+)\]\"", as_user)[1]
    assert extra in PROJECT["optional-dependencies"]
    assert not (ROOT / "Dockerfile").exists()  # Binder would build it


# Workflows on GitHub.


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_may_only_read_and_run_what_was_checked(path):
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    assert "pull_request_target" not in workflow[True]  # how YAML reads the key `on`
    for job in workflow["jobs"].values():
        assert "permissions" not in job or path.name == "pages.yml"
        assert {step["uses"] for step in job["steps"] if "uses" in step} <= CHECKED
        for step in job["steps"]:
            assert not re.search(r"(curl|wget|iwr|Invoke-WebRequest)\b.*\|", step.get("run", ""))


def test_pages_come_of_a_version_tag_and_only_what_publishes_them_has_the_token():
    text = (ROOT / ".github" / "workflows" / "pages.yml").read_text()
    workflow = yaml.safe_load(text)
    assert workflow[True] == {"push": {"tags": ["v*"]}}
    (job,) = workflow["jobs"].values()
    checkout, *_, make, publish = job["steps"]
    assert job["permissions"] == {"contents": "write"}
    assert checkout["with"] == {"persist-credentials": False}
    assert publish["env"] == {"TOKEN": "${{ github.token }}"} and text.count("github.token") == 1
    assert make["run"].startswith("make run slides playground")
    assert publish["run"].startswith("make pages REMOTE=")
