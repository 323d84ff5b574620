"""What can go wrong, in words that a tired person can use."""


class VoiceError(Exception):
    """Something the person should know, and what they can do about it.

    `code` is a stable word for logs and tests, `message` says what happened, `remedy` what to do next. Both sentences
    are shown or spoken as they are, so neither blames the person.
    """

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.code = code
        self.message = message
        self.remedy = remedy


class ContentError(VoiceError):
    """A language file is missing, unreadable, or breaks a rule: names file, key and remedy."""


class SettingsError(VoiceError):
    """A setting, its file, or its environment variable cannot be used."""


class MicrophoneError(VoiceError):
    """No microphone, or it went away."""


class SpeakerError(VoiceError):
    """No loudspeaker, or the speech engine cannot speak."""


class ModelError(VoiceError):
    """A speech model is missing, incomplete, or not a model."""


class NotesError(VoiceError):
    """The notes file cannot be opened, read or written."""


class KioskError(VoiceError):
    """The kiosk's page cannot be served, or no browser shows it."""


class GroupError(VoiceError):
    """A group's file for its room cannot be used: names the file, the key, and what is allowed."""


class LauncherError(VoiceError):
    """An icon cannot be put into a menu or onto a desktop, or taken away."""


class PaperError(VoiceError):
    """A plan cannot be written to a file, made into a page or a sound, or printed."""


class ScriptError(VoiceError):
    """A rehearsal script or a recording cannot be used."""
