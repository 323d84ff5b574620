"""The sound stack: hearing and speaking. sounddevice, vosk, pyttsx3, soxr, soundfile and webrtcvad live only here.

The way in:   microphone | sources -> turn (endpoint, recogniser) -> ears -> Heard
The way out:  Utterance -> mouth (render, cache) -> player -> the loudspeaker
"""
