"""What the workflows on GitHub may do."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PATHS = sorted((ROOT / ".github" / "workflows").iterdir())
CHECKED = {  # whose commits have been looked up; look another up before adding it
    "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683",
    "actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065",
    "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02",
}
DOWNLOAD_INTO_SHELL = re.compile(r"(?:curl|wget|iwr|Invoke-WebRequest)\b.*\|")


def faults(workflow: dict) -> list[str]:
    """What in a workflow is not allowed."""
    found = []
    if workflow["permissions"] != {"contents": "read"}:
        found.append("permissions")
    if "pull_request_target" in workflow[True]:  # how YAML reads the key `on`
        found.append("pull_request_target")
    for job in workflow["jobs"].values():
        found += ["permissions of a job"] * ("permissions" in job)
        for step in job["steps"]:
            if step.get("uses", "") not in CHECKED | {""}:
                found.append(step["uses"])
            if DOWNLOAD_INTO_SHELL.search(step.get("run", "")):
                found.append(step["run"])
    return found


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_workflows_keep_to_the_rules(path):
    assert faults(yaml.safe_load(path.read_text(encoding="utf-8"))) == []


def test_what_breaks_the_rules_is_found():
    steps = [{"uses": "actions/checkout@v4"}, {"run": "curl -s example.org/install | sh"}]
    job = {"permissions": {"contents": "write"}, "steps": steps}
    bad = {"permissions": "write-all", True: {"pull_request_target": None}, "jobs": {"a": job}}
    assert len(faults(bad)) == 5


def test_every_supported_python_is_tested():
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text())["jobs"]
    pythons = jobs["linux"]["strategy"]["matrix"]["python"]
    classes = re.findall(
        r"3\.\d+", (ROOT / "pyproject.toml").read_text().split("requires-python")[1]
    )
    first, end = (int(version.partition(".")[2]) for version in classes[:2])
    assert pythons == [f"3.{minor}" for minor in range(first, end)]
