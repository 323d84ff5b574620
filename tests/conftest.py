"""Fixtures that more than one test file uses."""

from __future__ import annotations

from tests.sound_card import sound_card as sound_card
from tests.sound_card import speech_model as speech_model
