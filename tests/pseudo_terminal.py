"""A real pseudo-terminal for tests."""

from __future__ import annotations

import os

import pytest


def open_terminal() -> tuple[int, int]:
    """(the person's side, the program's side), as file descriptors. Skips where the machine has none to give."""
    try:
        return os.openpty()
    except (OSError, AttributeError) as error:
        pytest.skip(f"this machine has no pseudo-terminals: {error}")
