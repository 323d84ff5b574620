"""Fixtures that more than one test file uses."""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path

from tests import keyring_file
from tests.sound_card import sound_card as sound_card
from tests.sound_card import speech_model as speech_model

# A shell's background job begins without Ctrl-C, and so would the programs that tests start, and send it to.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# For the keyring library, here and in the programs that tests start: never this machine's own keyring.
os.environ["PYTHON_KEYRING_BACKEND"] = f"{keyring_file.__name__}.{keyring_file.FileKeyring.__name__}"
os.environ[keyring_file.FILE] = str(Path(tempfile.mkdtemp(prefix="keyring-")) / "keys.json")
