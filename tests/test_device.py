"""The device: which one is chosen, and what is said."""

from typing import Any

import pytest
import torch

from ae_utils.device import choose_device
from tests.helpers import check_message


def pretend(monkeypatch: pytest.MonkeyPatch, *, cuda: bool, mps: bool) -> None:
    """Let PyTorch find these devices."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_absent_device_gives_way_to_the_cpu_with_a_line(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pretend(monkeypatch, cuda=False, mps=False)
    assert choose_device(name) == torch.device("cpu")
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) == 1
    assert "Using the CPU because" in printed and f"'{name}'" in printed


@pytest.mark.parametrize(
    ("cuda", "mps", "wanted"),
    [(False, False, "cpu"), (True, False, "cuda"), (False, True, "mps"), (True, True, "cuda")],
)
def test_devices_that_are_there_are_chosen_in_silence(
    cuda: bool, mps: bool, wanted: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    pretend(monkeypatch, cuda=cuda, mps=mps)
    assert choose_device() == choose_device("auto") == torch.device(wanted)
    assert choose_device(wanted) == torch.device(wanted)
    assert choose_device("cpu") == torch.device("cpu")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", ["gpu", "CUDA", "cuda:0", "", "cpu "])
def test_unknown_device_is_refused(name: str) -> None:
    with pytest.raises(ValueError) as caught:
        choose_device(name)
    check_message(caught.value, "device: ", repr(name), "'auto', 'cpu', 'cuda' or 'mps'")
