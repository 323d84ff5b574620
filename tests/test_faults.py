"""Sound that goes elsewhere, or breaks, in the middle of a talk; what a bench shows in full is here in small."""

from __future__ import annotations

import time

import pytest

from tests.sound_card import SoundCard
from voice.errors import SpeakerError
from voice.events import Utterance
from voice.speech.mouth import Mouth
from voice.speech.pulse import Sink, sink_of_this_process, sinks

pytestmark = pytest.mark.sound
LONG = "Take all the time that you need. One two three four five six seven eight nine ten. Then we go on together."


def test_a_loudspeaker_that_is_pulled_out_is_told_and_used_again(sound_card: SoundCard) -> None:
    mouth = Mouth()
    try:
        mouth.start(Utterance(LONG))
        assert not mouth.wait(1.5)
        assert sink_of_this_process() == Sink("spk_sink")
        sound_card.unplug_loudspeaker()
        try:
            assert "spk_sink" not in sinks()
            began = time.monotonic()
            with pytest.raises(SpeakerError, match="another place") as told:
                mouth.wait(10)
            assert told.value.code == "speaker-moved"
            assert time.monotonic() - began < 5
        finally:
            sound_card.plug_loudspeaker()
        with sound_card.capture() as heard:
            mouth.start(Utterance("Here I am again."))
            assert mouth.wait(10)
        assert heard.loud_seconds > 0.4
    finally:
        mouth.shut()


@pytest.mark.parametrize(
    ("sink", "private"),
    [
        (Sink("alsa_output.pci-0000_00_1f.3.analog-stereo", "analog-output-headphones"), True),
        (Sink("alsa_output.pci-0000_00_1f.3.analog-stereo", "analog-output-speaker"), False),
        (Sink("bluez_output.AA_BB_CC.1", "headset-output"), True),
        (Sink("alsa_output.usb-Generic_USB_Headset-00.analog-stereo"), True),
        (Sink("alsa_output.pci-0000_00_03.0.hdmi-stereo", "hdmi-output-0"), False),
    ],
)
def test_what_only_one_person_hears(sink: Sink, private: bool) -> None:
    assert sink.private is private
