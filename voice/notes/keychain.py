"""The keyring of the operating system: it holds a key for those who can't manage a passphrase."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from voice.errors import NotesError

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_SERVICE = "afterwards"
_SECONDS = 60.0
"""How long it may take: a locked keyring asks for its own password first."""
_log = logging.getLogger("afterwards")
_T = TypeVar("_T")


class SystemKeychain:
    """Keys by the name of their vault, in whatever keyring this desktop has."""

    def works(self) -> bool:
        """Whether there is a keyring that keeps its keys locked away. Never raises."""
        try:
            return _in_time(lambda: _backend() is not None)
        except NotesError as error:
            _log.warning("trouble: %s", error.code)
            return False

    def get(self, vault: str) -> bytes | None:
        """The key; None where the keyring has none of that name. Raises NotesError ("notes-keyring")."""
        try:
            found = _in_time(lambda: _sure().get_password(_SERVICE, vault))
            return bytes.fromhex(found) if found is not None else None
        except ValueError:
            return None

    def put(self, vault: str, key: bytes) -> None:
        """Keeps a key, and looks whether it is there. Raises NotesError ("notes-keyring")."""
        _in_time(lambda: _sure().set_password(_SERVICE, vault, key.hex()))
        if self.get(vault) != key:
            raise _failed()

    def drop(self, vault: str) -> None:
        """The key is gone. Nothing where there was none. Raises NotesError ("notes-keyring")."""
        if self.get(vault) is not None:
            _in_time(lambda: _sure().delete_password(_SERVICE, vault))


def _backend() -> KeyringBackend | None:
    import keyring  # looks for everything that is installed, which takes time: only where it is needed

    backend = keyring.get_keyring()
    kind = type(backend)
    # One that is no keyring, one that forgets, and those that write keys in plain files.
    home = kind.__module__
    if home.startswith(("keyring.backends.fail", "keyring.backends.null", "keyrings.")) or backend.priority <= 0:
        return None
    if not getattr(backend, "backends", True):  # a chain of none
        return None
    return backend


def _sure() -> KeyringBackend:
    backend = _backend()
    if backend is None:
        raise _failed()
    return backend


def _failed() -> NotesError:
    return NotesError(
        "notes-keyring",
        "The keyring of this computer, which has the key to your notes, does not answer.",
        "Unlock it and try again, or open your notes with your recovery phrase: “afterwards notes passphrase”.",
    )


def _in_time(act: Callable[[], _T]) -> _T:
    """Raises NotesError for whatever a backend raises, and where it does not come back."""
    done: list[_T] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            done.append(act())
        except BaseException as error:  # a backend's libraries raise whatever they like
            failed.append(error)

    thread = threading.Thread(target=work, daemon=True, name="keyring")
    thread.start()
    thread.join(_SECONDS)
    if done:
        return done[0]
    raise _failed() from (failed[0] if failed else None)
