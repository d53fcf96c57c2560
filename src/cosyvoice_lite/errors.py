"""The one error tree: every message is a single line that says what is wrong, where, what to do."""


class CosyError(Exception):
    """Anything cosyvoice-lite refuses to do; its message is for the person at the keyboard."""


class CheckpointError(CosyError):
    """An official checkpoint can't be read: hostile, truncated, incomplete or of another model."""


class BundleError(CosyError):
    """A bundle is missing, changed, truncated or made for another version."""


class TextError(CosyError):
    """A text can't be spoken: empty, only punctuation, broken markup."""


class VoiceError(CosyError):
    """A voice is unknown, or can't do what the mode asks of it."""


class AudioError(CosyError):
    """A recording can't be used: unreadable, too short, too long, of too low a rate."""


class DownloadError(CosyError):
    """A file could not be fetched, or what arrived is not what was asked for."""


class UsageError(CosyError):
    """A setting is out of range or settings contradict each other."""


class OverloadError(CosyError):
    """The service as a whole has no room for this request now; it may try again.

    Attributes:
        reason: "queue_full", "memory", "deadline", "draining" or "loading".
        retry_after_s: seconds until it is worth another try.
    """

    def __init__(self, message: str, reason: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.reason = reason
        self.retry_after_s = retry_after_s


class DeadlineError(CosyError):
    """The time that the caller gave a request passed before it was answered."""


class CancelledError(CosyError):
    """Whoever asked has left."""
