"""What is kept after a yes: the notes themselves (`store`), and the vault that they lie in (`vault`)."""

from __future__ import annotations

from voice.notes.rows import Note, Place, migrations
from voice.notes.store import Connect, Notes

__all__ = ["Connect", "Note", "Notes", "Place", "migrations"]
