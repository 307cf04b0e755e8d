"""Every setting of the service: its unit, default and environment name. The only reader of the environment."""

import re
from pathlib import Path

from platformdirs import user_cache_path, user_data_path
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_MEBIBYTE = 1024 * 1024


class Settings(BaseSettings):
    """Read from `MYNA_...` variables, after a command's options, at the edge (`cli`, `deploy`), and handed down."""

    model_config = SettingsConfigDict(
        env_prefix="MYNA_", env_ignore_empty=True, frozen=True, extra="ignore", use_attribute_docstrings=True
    )

    data_dir: Path = Field(default_factory=lambda: user_data_path("myna"))
    """Folder of the database and the voices."""

    database_url: str = ""
    """SQLAlchemy URL (`postgresql://user@host/myna`, see storage.md); empty: SQLite in `data_dir`."""

    database_connections: int = Field(default=10, ge=1, le=1000)
    """Connections that each process holds to PostgreSQL at most; all together less than its `max_connections`."""

    blob_url: str = ""
    """Object storage for recordings and artifacts (`s3://bucket/prefix`); empty: a folder in `data_dir`."""

    weights_dir: Path = Field(default_factory=lambda: user_cache_path("myna") / "weights")
    """Where `myna models pull` keeps the model weights."""

    token_secret: SecretStr = SecretStr("")
    """Signs tokens; the same for all servers of a database, 32 characters or more; empty: a file in `data_dir`."""

    engine: str = "kokoro"
    """Id of the engine that speaks; `myna engines` lists the installed ones."""

    workers: int = Field(default=1, ge=1, le=64)
    """Processes that serve on one port, each with slots, analysis and weights of its own."""

    engine_slots: int = Field(default=1, ge=1, le=64)
    """How many requests the engine serves at one time; each slot loads the model once."""

    engine_threads: int = Field(default=2, ge=1, le=256)
    """Threads of one slot."""

    device: str = Field(default="cpu", pattern="^(cpu|cuda)$")
    """Where the engine computes: `cuda` for an NVIDIA card, without which the start is refused (see engines.md)."""

    engine_queue_length: int = Field(default=32, ge=0, le=10_000)
    """Requests that may wait for a slot; one more is answered 429."""

    engine_hang_s: float = Field(default=120.0, ge=1, le=3600)
    """An engine that makes no step for so long is given up; its request fails, another engine is loaded."""

    analysis_threads: int = Field(default=2, ge=1, le=64)
    """Voice samples that are listened to at one time."""

    analysis_queue_length: int = Field(default=64, ge=0, le=10_000)
    """Pieces of work (samples, encodings) that may wait; one more is answered 429."""

    max_body_bytes: int = Field(default=64 * _MEBIBYTE, ge=1024)
    """Largest request body; a larger one is refused before it is read."""

    max_samples: int = Field(default=16, ge=1, le=256)
    """Most voice samples in one clone request."""

    max_sample_bytes: int = Field(default=32 * _MEBIBYTE, ge=1024)
    """Largest single voice sample, decoded from base64."""

    max_sample_s: float = Field(default=600.0, gt=0)
    """Longest voice sample that is read; what lies beyond is ignored."""

    max_text_chars: int = Field(default=2000, ge=1)
    """Longest text of one synthesis reply."""

    max_stream_text_chars: int = Field(default=4000, ge=1)
    """Longest text of one synthesis stream."""

    max_openai_text_chars: int = Field(default=4096, ge=1)
    """Longest text of one request in OpenAI's form."""

    max_job_text_chars: int = Field(default=100_000, ge=1)
    """Longest text of one item that is spoken in the background (`synthesizeAsync`, `synthesizeBatch`)."""

    max_elevenlabs_text_chars: int = Field(default=10_000, ge=1)
    """Longest text of one request in ElevenLabs' form."""

    openai_voices: str = Field(default="", pattern=r"^([^=,]+=[^=,]+(,[^=,]+=[^=,]+)*)?$")
    """Other voices for OpenAI's names: `alloy=Dennis,nova=Sarah`; those that are not named stay as they are."""

    mark_speech: bool = True
    """Put an inaudible mark into all speech, found by `myna detect` and `POST /v1/detect` (see watermark.md)."""

    sign_speech: bool = False
    """Sign speech that is answered whole in WAV, MP3 or FLAC with a C2PA manifest: `myna[c2pa]` (see watermark.md)."""

    signing_identity: Path | None = None
    """PEM file with the private key and the certificates for that; none: one that is made in the data folder."""

    clone_wait: str = Field(default="answer", pattern="^(answer|heard)$")
    """`answer`: a clone is answered at once and listened to in the background; `heard`: when that is done."""

    measure_similarity: bool = True
    """Let each new voice speak once and report what is heard as `voice.similarity` and `voice.clarity`."""

    refine_voices: bool = True
    """Go on improving a new voice in the background (minutes of one core, at low priority)."""

    remake_voices: bool = True
    """Make a voice of another engine or version again when it is spoken with; off: 400 until `myna voices remake`."""

    strict_replies: bool = False
    """Leave out every reply field that the original API does not have."""

    require_consent: bool = False
    """Refuse to clone or import a voice without a consent that says who agreed, whose voice it is and for what."""

    accept_any_workspace_path: bool = True
    """Take any `{workspace}` in `/workspaces/{workspace}/...` for the key's own; off: another name is not found."""

    max_requests_per_minute: int = Field(default=3000, ge=0)
    """Requests of one key, over time and in one burst; one more is answered 429; 0: no limit."""

    max_concurrent_requests: int = Field(default=128, ge=0)
    """Requests of one key that are answered at one time; one more is answered 429; 0: no limit."""

    max_spoken_s_per_day: float = Field(default=0.0, ge=0)
    """Speech of one workspace in a day of UTC; then requests for speech are answered 429; 0: no limit."""

    max_voices_per_day: int = Field(default=0, ge=0)
    """Voices that one workspace makes in a day, drafts included; one more is answered 429; 0: no limit."""

    max_tokens_per_minute: int = Field(default=60, ge=0)
    """Tokens that are made with one key; one more is answered 429; 0: no limit."""

    tls_certificate: Path | None = None
    """PEM file with the certificate and those that vouch for it: serves HTTPS; none: HTTP (see deploy.md)."""

    tls_key: Path | None = None
    """PEM file with the certificate's private key, without a password; none: it is in the same file."""

    cors_origins: str = ""
    """Whose pages a browser lets use the API, with commas (`https://app.example.com`); empty: only this server's."""

    preload_models: bool = True
    """Load the listening models at start, when speech is ready; off: at the first clone."""

    draft_lifetime_s: float = Field(default=24 * 3600.0, gt=0)
    """How long a designed preview can be published."""

    keep_results_s: float = Field(default=24 * 3600.0, gt=0)
    """How long what was spoken in the background can be fetched; then it is deleted (within an hour)."""

    keep_voices_days: float = Field(default=0.0, ge=0, le=36_500)
    """Voices are deleted, with their recordings, so long after they were made (within an hour); 0: kept."""

    drain_s: int = Field(default=30, ge=0, le=3600)
    """How long after SIGTERM what is being answered may take to its end; then it is cut off."""

    log_format: str = Field(default="text", pattern="^(text|json)$")
    """`text` for people, `json` for machines."""

    @field_validator("token_secret")
    @classmethod
    def _check_secret(cls, value: SecretStr) -> SecretStr:
        if value and len(value) < 32:
            raise ValueError("use 32 random characters or more; `openssl rand -hex 32` makes them")
        return value

    @field_validator("cors_origins")
    @classmethod
    def _check_origins(cls, value: str) -> str:
        """`*` would let every page that a user opens try its luck with this server."""
        origins = [origin.strip().lower() for origin in value.split(",") if origin.strip()]
        if not all(re.fullmatch(r"https?://[^\s/*?#@]+", origin) for origin in origins):
            raise ValueError("name origins like https://app.example.com, with commas between; no path, no slash, no *")
        return ",".join(origins)


class ClientSettings(BaseSettings):
    """What the client commands read."""

    model_config = SettingsConfigDict(env_prefix="MYNA_", frozen=True, extra="ignore", use_attribute_docstrings=True)

    url: str = "http://127.0.0.1:8080"
    """Address of the server."""

    api_key: SecretStr = SecretStr("")
    """Key for the server, as `myna keys create` printed it."""
