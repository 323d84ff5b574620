"""The templates of safety.yaml as patterns, read once for all: reading them takes a third of the time until danger is
understood.

A template that is not here, or a file that is missing or of other rules, costs that time again, and nothing else.
`scripts/patterns` makes the file anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path


def read(file: Path, rules: Mapping[str, str]) -> dict[str, str]:
    """Template -> pattern, as `Templates.pattern` gives it; empty where the file is of no use."""
    try:
        found = json.loads(file.read_text("utf-8"))
        if found["rules"] != _mark(rules):
            return {}
        return {str(template): str(pattern) for template, pattern in found["patterns"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def text(rules: Mapping[str, str], patterns: Mapping[str, str]) -> str:
    """What such a file holds."""
    return json.dumps({"rules": _mark(rules), "patterns": dict(sorted(patterns.items()))}, indent=0) + "\n"


def _mark(rules: Mapping[str, str]) -> str:
    return hashlib.blake2b(json.dumps(dict(rules), sort_keys=True).encode(), digest_size=16).hexdigest()
