"""A room for person after person in one process, which prints addresses of its page: python -m tests.kiosk_one_room.

With `--voice` it speaks and hears by the real engines. Ends with its input.
"""

from __future__ import annotations

import sys
import threading
from dataclasses import replace

from voice import parts
from voice.parts_kiosk import Room
from voice.parts_lines import known_lines
from voice.settings import Settings


def main(voice: bool, model: str | None) -> None:
    """Until the input ends."""
    chosen = replace(Settings(), country="US")
    own = parts.Own()
    mouth = parts.mouth(chosen, early=True, own=own) if voice else None
    hearing = (
        parts.voice_ears(chosen, model, own, lambda warn: parts.load_model(chosen, model, warn)) if voice else None
    )
    room = Room(chosen, known_lines(chosen.lines_file), mouth=mouth, hearing=hearing)
    with room.page(tell=lambda line: print(line, flush=True)):
        thread = threading.Thread(target=room.run, daemon=True)
        thread.start()
        sys.stdin.read()
        room.end()
        thread.join(20)


if __name__ == "__main__":
    main("--voice" in sys.argv, sys.argv[2] if len(sys.argv) > 2 else None)
