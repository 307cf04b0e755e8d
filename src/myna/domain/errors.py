"""The error tree: what can go wrong, named for what happened.

MynaError
├── InvalidRequest            a field is missing, malformed or out of range
│   ├── AudioUndecodable      the bytes are not audio that we can read
│   ├── ConsentRequired       a recording came without saying who agreed
│   ├── LanguageUnsupported   the language is unknown, or the engine does not speak it
│   ├── ModelUnsupported      the modelId is not one that is served
│   ├── RequestKeyReused      one Idempotency-Key for two requests
│   ├── RecordingTooLong      more seconds than one recording may have
│   ├── TextTooLong           more text than one request may carry
│   └── TextUnspeakable       nothing in the text can be spoken: only markup, signs or emoji
├── CredentialsMissing        no key was sent
├── CredentialsRejected       the key is unknown, revoked or malformed
├── CredentialsExpired        the key was good until a moment that has passed
├── PermissionDenied          the key may not do this
│   └── ConsentRevoked        whose voice it is does not agree any more
├── VoiceNotFound             no such voice in this workspace
├── ResourceNotFound          no such path or resource
├── MethodNotAllowed          the path exists, the method does not
├── VoiceAlreadyExists        the id is taken
├── RequestInProgress         the same request is still at work
├── DictionaryChanged         somebody has changed the pronunciation dictionary meanwhile
├── VoiceIncompatible         an artifact of another engine or version
├── PayloadTooLarge           the body is over the limit
├── Overloaded                the waiting line is full, try again later
│   ├── RateLimited           the key asks too much at one time or in a minute
│   └── QuotaExhausted        the workspace has had what it may have in a day
├── DeadlineExceeded          the work took longer than allowed
├── ServiceUnavailable        starting or stopping, or a dependency is away
├── EngineFailure             the engine raised something that is our bug
├── WeightsMissing            a weight file is not in the cache
├── WeightsCorrupt            a weight file does not match its digest
└── WeightsUnavailable        a weight package cannot be had from the registry

Rules: `code` is stable and unique (clients may match on it); `kind` decides the status; only `http/errors.py` knows
status numbers; positional arguments only, so that every class pickles.
"""

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
    """Root of every error that this service raises on purpose.

    message: one or two sentences for the caller, saying what to do next. It never holds text to be spoken, a
    transcript, or more than four characters of a key.
    """

    code: ClassVar[str] = "INTERNAL"
    kind: ClassVar[ErrorKind] = ErrorKind.INTERNAL
    retry_after_s: int | None = None
    """When it is worth to try again; None: not by waiting."""

    def __init__(self, message: str, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        if retry_after_s is not None:
            self.retry_after_s = retry_after_s


class InvalidRequest(MynaError):
    code = "INVALID_REQUEST"
    kind = ErrorKind.INVALID_ARGUMENT


class AudioUndecodable(InvalidRequest):
    code = "AUDIO_UNDECODABLE"


class ConsentRequired(InvalidRequest):
    code = "CONSENT_REQUIRED"


class LanguageUnsupported(InvalidRequest):
    code = "LANGUAGE_UNSUPPORTED"


class ModelUnsupported(InvalidRequest):
    code = "MODEL_UNSUPPORTED"


class RequestKeyReused(InvalidRequest):
    code = "REQUEST_KEY_REUSED"


class RecordingTooLong(InvalidRequest):
    code = "RECORDING_TOO_LONG"


class TextTooLong(InvalidRequest):
    code = "TEXT_TOO_LONG"


class TextUnspeakable(InvalidRequest):
    code = "TEXT_UNSPEAKABLE"


class CredentialsMissing(MynaError):
    code = "CREDENTIALS_MISSING"
    kind = ErrorKind.UNAUTHENTICATED


class CredentialsRejected(MynaError):
    code = "CREDENTIALS_REJECTED"
    kind = ErrorKind.PERMISSION_DENIED


class CredentialsExpired(MynaError):
    code = "CREDENTIALS_EXPIRED"
    kind = ErrorKind.UNAUTHENTICATED


class PermissionDenied(MynaError):
    code = "PERMISSION_DENIED"
    kind = ErrorKind.PERMISSION_DENIED


class ConsentRevoked(PermissionDenied):
    code = "CONSENT_REVOKED"


class ResourceNotFound(MynaError):
    code = "RESOURCE_NOT_FOUND"
    kind = ErrorKind.NOT_FOUND


class VoiceNotFound(MynaError):
    code = "VOICE_NOT_FOUND"
    kind = ErrorKind.NOT_FOUND


class MethodNotAllowed(MynaError):
    code = "METHOD_NOT_ALLOWED"
    kind = ErrorKind.METHOD_NOT_ALLOWED


class VoiceAlreadyExists(MynaError):
    code = "VOICE_ALREADY_EXISTS"
    kind = ErrorKind.ALREADY_EXISTS


class RequestInProgress(MynaError):
    code = "REQUEST_IN_PROGRESS"
    kind = ErrorKind.ABORTED
    retry_after_s = 1


class DictionaryChanged(MynaError):
    code = "DICTIONARY_CHANGED"
    kind = ErrorKind.ABORTED


class VoiceIncompatible(MynaError):
    code = "VOICE_INCOMPATIBLE"
    kind = ErrorKind.FAILED_PRECONDITION


class PayloadTooLarge(MynaError):
    code = "PAYLOAD_TOO_LARGE"
    kind = ErrorKind.TOO_LARGE


class UnsupportedMedia(MynaError):
    code = "UNSUPPORTED_MEDIA"
    kind = ErrorKind.UNSUPPORTED_MEDIA


class Overloaded(MynaError):
    code = "OVERLOADED"
    kind = ErrorKind.RESOURCE_EXHAUSTED
    retry_after_s = 1


class RateLimited(Overloaded):
    code = "RATE_LIMITED"


class QuotaExhausted(Overloaded):
    code = "QUOTA_EXHAUSTED"


class DeadlineExceeded(MynaError):
    code = "DEADLINE_EXCEEDED"
    kind = ErrorKind.DEADLINE_EXCEEDED


class ServiceUnavailable(MynaError):
    code = "SERVICE_UNAVAILABLE"
    kind = ErrorKind.UNAVAILABLE


class EngineFailure(MynaError):
    code = "ENGINE_FAILURE"


class WeightsMissing(MynaError):
    code = "WEIGHTS_MISSING"
    kind = ErrorKind.UNAVAILABLE


class WeightsCorrupt(MynaError):
    code = "WEIGHTS_CORRUPT"
    kind = ErrorKind.UNAVAILABLE


class WeightsUnavailable(MynaError):
    code = "WEIGHTS_UNAVAILABLE"
    kind = ErrorKind.UNAVAILABLE
