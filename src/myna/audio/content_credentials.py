"""Content credentials (C2PA): a signed note inside an audio file that a machine spoke, and which (watermark.md)."""

import io
import json
import logging
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.resources import files
from types import ModuleType

import numpy as np
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from myna import __version__
from myna.audio.encode import FormatEncoder
from myna.domain.errors import InvalidRequest, ServiceUnavailable
from myna.domain.speech import AudioEncoding, AudioFormat
from myna.domain.waveform import Waveform

logger = logging.getLogger(__name__)

_MEDIA_TYPES = {
    AudioEncoding.WAV: "audio/wav",
    AudioEncoding.LINEAR16: "audio/wav",
    AudioEncoding.MP3: "audio/mpeg",
    AudioEncoding.FLAC: "audio/flac",
}
"""Files that have a place for a manifest: behind the samples of a WAV, in an ID3 tag before the others."""


@cache
def _manifest() -> str:
    """Neither the text nor the voice: only that and by what it was made. Source: C2PA 2.2, section on actions."""
    written = (files(__package__) / "content_credentials.json").read_text(encoding="utf-8")
    return json.dumps(json.loads(written.replace("{version}", __version__)))


class CredentialEncoders:
    """Opens encoders that sign what is answered whole."""

    def __init__(self, identity: bytes) -> None:
        """identity: PEM of key, certificate and those above it. Raises: InvalidRequest (of no use, or no `c2pa`)."""
        self._c2pa = _load_c2pa()
        self._signing = _split_identity(identity)
        # A tenth of a second: only then an expired certificate is noticed.
        encoder = FormatEncoder(AudioFormat(AudioEncoding.WAV, 8000), is_stream=False)
        content = encoder.encode(Waveform(np.zeros(800, np.float32), 8000)) + encoder.finish()
        try:
            self._sign(content, "audio/wav")
        except self._c2pa.C2paError as exc:
            raise InvalidRequest(f"MYNA_SIGNING_IDENTITY cannot sign content credentials: {exc}") from exc

    def open(self, audio_format: AudioFormat, *, is_stream: bool, tempo: float = 1.0) -> FormatEncoder:
        if is_stream or audio_format.encoding not in _MEDIA_TYPES:
            return FormatEncoder(audio_format, is_stream=is_stream, tempo=tempo)
        return _SignedEncoder(audio_format, tempo, self.sign)

    def sign(self, content: bytes, media_type: str) -> bytes:
        """Raises: ServiceUnavailable: the certificate has expired since the start."""
        try:
            return self._sign(content, media_type)
        except self._c2pa.C2paError as exc:
            logger.exception("MYNA_SIGNING_IDENTITY cannot sign content credentials any more")
            raise ServiceUnavailable("The speech cannot be signed. Streams go on: they are not signed.") from exc

    def _sign(self, content: bytes, media_type: str) -> bytes:
        algorithm, key, certificates = self._signing
        # Without an authority for times: that would be a request over the network for each reply.
        info = self._c2pa.C2paSignerInfo(algorithm, certificates, key, None)
        signed = io.BytesIO()
        with self._c2pa.Builder(_manifest()) as builder:
            builder.sign(self._c2pa.Signer.from_info(info), media_type, io.BytesIO(content), signed)
        return signed.getvalue()


class _SignedEncoder(FormatEncoder):
    """Gathers a whole file and signs it."""

    def __init__(self, audio_format: AudioFormat, tempo: float, sign: Callable[[bytes, str], bytes]) -> None:
        super().__init__(audio_format, is_stream=False, tempo=tempo)
        self._media_type = _MEDIA_TYPES[audio_format.encoding]
        self._sign = sign
        self._content = bytearray()

    def encode(self, waveform: Waveform) -> bytes:
        self._content += super().encode(waveform)
        return b""

    def finish(self) -> bytes:
        return self._sign(bytes(self._content) + super().finish(), self._media_type)


def _load_c2pa() -> ModuleType:
    try:
        return import_module("c2pa")
    except ImportError as exc:
        raise InvalidRequest("MYNA_SIGN_SPEECH needs a package more: pip install 'myna[c2pa]'.") from exc


def _split_identity(identity: bytes) -> tuple[bytes, bytes, bytes]:
    """Name of the algorithm, key, certificates. Raises: InvalidRequest."""
    try:
        key = serialization.load_pem_private_key(identity, None)
        certificate = x509.load_pem_x509_certificate(identity)
    except (ValueError, TypeError) as exc:
        raise InvalidRequest(
            "MYNA_SIGNING_IDENTITY must hold a private key without a password, then its certificates, in PEM."
        ) from exc
    if certificate.public_key() != key.public_key():
        raise InvalidRequest("MYNA_SIGNING_IDENTITY: the first certificate is not that of the key.")
    if isinstance(key, ec.EllipticCurvePrivateKey):
        algorithm = {256: b"es256", 384: b"es384", 521: b"es512"}.get(key.curve.key_size, b"es256")
    else:
        algorithm = b"ed25519" if isinstance(key, ed25519.Ed25519PrivateKey) else b"ps256"
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return algorithm, plain, identity[identity.index(b"-----BEGIN CERTIFICATE-----") :]
