"""The error tree, under `MynaError`. `code` is the class's name, stable and unique (clients match on it); `kind`
decides the status, whose numbers only `http/errors.py` knows; positional arguments only, so that every class
pickles."""

import re
from enum import StrEnum
from typing import ClassVar


class ErrorKind(StrEnum):
    """What class of failure this is; `http/errors.py` maps it to HTTP and gRPC numbers."""

    INVALID_ARGUMENT = "invalid_argument"
    UNAUTHENTICATED = "unauthenticated"
    PERMISSION_DENIED = "permission_denied"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    ALREADY_EXISTS = "already_exists"
    ABORTED = "aborted"
    FAILED_PRECONDITION = "failed_precondition"
    TOO_LARGE = "too_large"
    UNSUPPORTED_MEDIA = "unsupported_media"
    RESOURCE_EXHAUSTED = "resource_exhausted"
    UNAVAILABLE = "unavailable"
    DEADLINE_EXCEEDED = "deadline_exceeded"
    INTERNAL = "internal"


class MynaError(Exception):
    """Root of what this service raises on purpose. message: for the caller, what to do next; no text, no keys."""

    code: ClassVar[str] = "INTERNAL"
    """`VOICE_NOT_FOUND` of `VoiceNotFound`."""
    kind: ClassVar[ErrorKind] = ErrorKind.INTERNAL
    retry_after_s: int | None = None
    """When it is worth to try again; None: not by waiting."""

    def __init_subclass__(cls, kind: ErrorKind | None = None) -> None:
        """kind: None for that of the class above."""
        cls.code = re.sub("(?<=.)(?=[A-Z])", "_", cls.__name__).upper()
        if kind is not None:
            cls.kind = kind

    def __init__(self, message: str, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        if retry_after_s is not None:
            self.retry_after_s = retry_after_s


class InvalidRequest(MynaError, kind=ErrorKind.INVALID_ARGUMENT):
    """A field is missing, malformed or out of range."""


class AudioUndecodable(InvalidRequest):
    """The bytes are not audio that we can read."""


class ConsentRequired(InvalidRequest):
    """A recording came without saying who agreed."""


class LanguageUnsupported(InvalidRequest):
    """The language is unknown, or the engine does not speak it."""


class ModelUnsupported(InvalidRequest):
    """The modelId is not one that is served."""


class RequestKeyReused(InvalidRequest):
    """One Idempotency-Key for two requests."""


class RecordingTooLong(InvalidRequest):
    """More seconds than one recording may have."""


class TextTooLong(InvalidRequest):
    """More text than one request may carry."""


class TextUnspeakable(InvalidRequest):
    """Nothing in the text can be spoken: only markup, signs or emoji."""


class CredentialsMissing(MynaError, kind=ErrorKind.UNAUTHENTICATED):
    """No key was sent."""


class CredentialsRejected(MynaError, kind=ErrorKind.PERMISSION_DENIED):
    """The key is unknown, revoked or malformed."""


class CredentialsExpired(MynaError, kind=ErrorKind.UNAUTHENTICATED):
    """The key was good until a moment that has passed."""


class PermissionDenied(MynaError, kind=ErrorKind.PERMISSION_DENIED):
    """The key may not do this."""


class ConsentRevoked(PermissionDenied):
    """Whose voice it is does not agree any more."""


class ResourceNotFound(MynaError, kind=ErrorKind.NOT_FOUND):
    """No such path or resource."""


class VoiceNotFound(MynaError, kind=ErrorKind.NOT_FOUND):
    """No such voice in this workspace."""


class MethodNotAllowed(MynaError, kind=ErrorKind.METHOD_NOT_ALLOWED):
    """The path exists, the method does not."""


class VoiceAlreadyExists(MynaError, kind=ErrorKind.ALREADY_EXISTS):
    """The id is taken."""


class RequestInProgress(MynaError, kind=ErrorKind.ABORTED):
    """The same request is still at work."""

    retry_after_s = 1


class DictionaryChanged(MynaError, kind=ErrorKind.ABORTED):
    """Somebody has changed the pronunciation dictionary meanwhile."""


class VoiceIncompatible(MynaError, kind=ErrorKind.FAILED_PRECONDITION):
    """An artifact of another engine or version."""


class PayloadTooLarge(MynaError, kind=ErrorKind.TOO_LARGE):
    """The body is over the limit."""


class UnsupportedMedia(MynaError, kind=ErrorKind.UNSUPPORTED_MEDIA):
    """The body is of another media type than the method takes."""


class Overloaded(MynaError, kind=ErrorKind.RESOURCE_EXHAUSTED):
    """The waiting line is full, try again later."""

    retry_after_s = 1


class RateLimited(Overloaded):
    """The key asks too much at one time or in a minute."""


class QuotaExhausted(Overloaded):
    """The workspace has had what it may have in a day."""


class DeadlineExceeded(MynaError, kind=ErrorKind.DEADLINE_EXCEEDED):
    """The work took longer than allowed."""


class ServiceUnavailable(MynaError, kind=ErrorKind.UNAVAILABLE):
    """Starting or stopping, or a dependency is away."""


class EngineFailure(MynaError):
    """The engine raised something that is our bug."""


class DeviceUnavailable(MynaError, kind=ErrorKind.UNAVAILABLE):
    """What `MYNA_DEVICE` names is not there, or the engine cannot use it."""


class WeightsMissing(MynaError, kind=ErrorKind.UNAVAILABLE):
    """A weight file is not in the cache."""


class WeightsCorrupt(MynaError, kind=ErrorKind.UNAVAILABLE):
    """A weight file does not match its digest."""


class WeightsUnavailable(MynaError, kind=ErrorKind.UNAVAILABLE):
    """A weight package cannot be had from the registry."""
