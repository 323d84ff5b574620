"""How much memory this process had at most."""

from __future__ import annotations

import re
import resource
from pathlib import Path


def peak_memory() -> float:
    """Megabytes. Not ru_maxrss where there is another way: Linux counts in it what the parent had when it forked."""
    status = Path("/proc/self/status")
    if status.exists() and (found := re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"))):
        return int(found[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
