"""What the system tells of a process, and how many notebooks it has room for."""

import os
import re
import sys
from pathlib import Path

# Bytes that a notebook's kernel may hold at its peak. With Python 3.13 PyTorch's import alone takes
# 120 MB more than with 3.11 and 3.12, and a notebook that trains 170 to 190 MB more.
BUDGET = 1.2e9 if sys.version_info < (3, 13) else 1.4e9
ROOM = 1.3e9  # bytes that a notebook is given where several run side by side
CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")


def process_peak_memory(pid: int) -> int:
    """Return the peak resident memory of a process in bytes.

    Where the system keeps no peak (it does on Linux), this is the memory held now.
    """
    status = Path(f"/proc/{pid}/status")
    peak = re.search(r"VmHWM:\s*(\d+) kB", status.read_text()) if status.exists() else None
    if peak:
        return int(peak[1]) * 1024
    import psutil

    return psutil.Process(pid).memory_info().rss


def usable_cores() -> int:
    """How many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def free_memory() -> int:
    """How many bytes new processes can take, no more than a container's limit."""
    import psutil

    free = psutil.virtual_memory().available
    limit = CONTAINER_LIMIT.read_text().strip() if CONTAINER_LIMIT.exists() else ""
    return min(free, int(limit)) if limit.isdigit() else free


def count_jobs(cores: int, memory: float) -> int:
    """How many notebooks to execute side by side: a core and room in memory for each."""
    return max(1, min(cores, int(memory // ROOM)))
