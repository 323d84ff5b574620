"""The plan to take along: as a page, a PDF, a table, a sound, and on the printer; and own answers over time, drawn."""

from __future__ import annotations

from voice.paper.plan import Call, Kept, Plan, Wording

__all__ = ["Call", "Kept", "Plan", "Wording"]
