"""Keys: from a passphrase by Argon2id, sealed with ChaCha20-Poly1305, or as words that are easily spoken."""

from __future__ import annotations

import secrets
import unicodedata
from functools import cache
from pathlib import Path

from voice.errors import NotesError
from voice.notes.header import Cost

SIZE = 32
"""Bytes of every key."""
SHORTEST = 8
"""Letters and digits of a passphrase at least: NIST SP 800-63B, section 3.1.1.2."""
WORDS = 9
"""Words of a recovery phrase: 9 of 512 are 81 bits, and Argon2id makes each guess slow besides."""
SUGGESTED = 5
"""Words of a passphrase that is made for somebody: 45 bits, each guess at Argon2id's cost (some 0.1 s and 64 MiB)."""
_NONCE = 12
_LIST = Path(__file__).parents[1] / "content" / "en" / "recovery.txt"


def new_key() -> bytes:
    """SIZE random bytes."""
    return secrets.token_bytes(SIZE)


def normal(passphrase: str) -> bytes:
    """Only its letters and digits, small and without accents: spoken and typed are the same."""
    return "".join(c for c in unicodedata.normalize("NFKD", passphrase).casefold() if c.isalnum()).encode()


def checked(passphrase: str) -> str:
    """The passphrase, if it is long enough for a new one. Raises NotesError ("notes-passphrase-short")."""
    if len(normal(passphrase).decode()) < SHORTEST:
        raise NotesError(
            "notes-passphrase-short",
            "That passphrase is too short to keep your notes safe.",
            f"Choose four or more words that belong together only for you, of {SHORTEST} letters or more in all.",
        )
    return passphrase


def new_salt() -> bytes:
    """16 random bytes, as RFC 9106 recommends."""
    return secrets.token_bytes(16)


def derive(passphrase: str, salt: bytes, cost: Cost) -> bytes:
    """The key that belongs to a passphrase: about 0.1 s on a laptop. Raises NotesError."""
    try:
        from argon2.low_level import Type, hash_secret_raw
    except ImportError as error:
        raise _missing("argon2-cffi") from error
    try:
        return hash_secret_raw(normal(passphrase), salt, cost.passes, cost.memory, cost.lanes, SIZE, Type.ID)
    except Exception as error:  # no memory for it, or a damaged salt
        raise NotesError(
            "notes-key-failed",
            "This computer could not work out the key to your notes.",
            "Close other programs, so that there is more memory, and try again.",
        ) from error


def seal(key: bytes, content: bytes, about: str) -> bytes:
    """`content` so that only `key` opens it, and only as what it is `about`. Raises NotesError."""
    try:
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
    except ImportError as error:
        raise _missing("cryptography") from error
    nonce = secrets.token_bytes(_NONCE)
    return nonce + ChaCha20Poly1305(key).encrypt(nonce, content, about.encode())


def unseal(key: bytes, box: bytes, about: str) -> bytes | None:
    """What was sealed; None for another key, or where a bit of it was changed. Raises NotesError."""
    try:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
    except ImportError as error:
        raise _missing("cryptography") from error
    try:
        return ChaCha20Poly1305(key).decrypt(box[:_NONCE], box[_NONCE:], about.encode())
    except (InvalidTag, ValueError):
        return None


def new_phrase(words: int = WORDS) -> str:
    """A recovery phrase, or a passphrase of so many words: random ones with spaces between."""
    return " ".join(secrets.choice(word_list()) for _ in range(words))


def is_phrase(text: str) -> bool:
    """Whether it could be a recovery phrase: so many words, all out of the list."""
    words = "".join(c if c.isalnum() else " " for c in text.casefold()).split()
    return len(words) == WORDS and set(words) <= set(word_list())


@cache
def word_list() -> tuple[str, ...]:
    """The words of recovery phrases."""
    lines = _LIST.read_text(encoding="utf-8").splitlines()
    return tuple(word for line in lines if not line.startswith("#") for word in line.split())


def _missing(package: str) -> NotesError:
    return NotesError(
        "notes-no-cipher",
        f"A part that locks your notes is missing ({package}). Nothing was written.",
        "Set the program up again with scripts/setup.",
    )
