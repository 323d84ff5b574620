"""A backend of the keyring library that needs no desktop: for tests alone, its keys lie in a plain file.

The library takes it because the environment says so (tests/conftest.py), in the programs that the tests start too.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

FILE = "TEST_KEYRING_FILE"
"""Environment variable with the file's name."""


class FileKeyring(KeyringBackend):
    """Keys in the file that FILE names."""

    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        return self._read().get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._write({**self._read(), f"{service} {username}": password})

    def delete_password(self, service: str, username: str) -> None:
        found = self._read()
        if found.pop(f"{service} {username}", None) is None:
            raise PasswordDeleteError
        self._write(found)

    def _read(self) -> dict[str, str]:
        path = Path(os.environ[FILE])
        found: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        return found

    def _write(self, found: dict[str, str]) -> None:
        path = Path(os.environ[FILE])
        aside = path.with_name(f"{path.name}.{os.getpid()}")
        aside.write_text(json.dumps(found))
        aside.replace(path)
