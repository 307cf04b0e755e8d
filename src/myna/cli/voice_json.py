"""Voices and reports as `--json` prints them: the API's own field names, audio left out."""

from myna.client import CloneReport, Consent, Remark, SampleReport, Voice


def voice_as_json(voice: Voice) -> dict[str, object]:
    return {
        "voiceId": voice.voice_id,
        "name": voice.name,
        "displayName": voice.display_name,
        "langCode": voice.lang_code,
        "description": voice.description,
        "tags": list(voice.tags),
        "source": voice.source,
        "gender": voice.gender,
        "ageGroup": voice.age_group,
        "createTime": voice.create_time,
        **({"consent": _consent_as_json(voice.consent)} if voice.consent is not None else {}),
        "similarity": voice.similarity,
        "clarity": voice.clarity,
        "warnings": [_remark_as_json(warning) for warning in voice.warnings],
    }


def _consent_as_json(consent: Consent) -> dict[str, object]:
    fields: dict[str, object] = {
        "givenBy": consent.given_by,
        "speaker": consent.speaker,
        "purpose": consent.purpose,
        "statement": consent.statement,
        "wordingVersion": consent.wording_version,
        "recordingsSha256": list(consent.recordings_sha256),
        "givenAt": consent.given_at,
        "revokedAt": consent.revoked_at,
    }
    return {name: value for name, value in fields.items() if value}


def report_as_json(report: CloneReport) -> dict[str, object]:
    body: dict[str, object] = {}
    if report.voice is not None:
        body["voice"] = {**voice_as_json(report.voice), "isRefining": report.is_refining}
    body["audioSamplesValidated"] = [_sample_as_json(sample) for sample in report.samples]
    return body


def _sample_as_json(sample: SampleReport) -> dict[str, object]:
    return {
        "langCode": sample.lang_code,
        "transcription": sample.transcript,
        "warnings": [_remark_as_json(remark) for remark in sample.warnings],
        "errors": [_remark_as_json(remark) for remark in sample.errors],
        "notes": [_remark_as_json(remark) for remark in sample.notes],
        "quality": dict(sample.quality),
    }


def _remark_as_json(remark: Remark) -> dict[str, object]:
    fields = {
        "text": remark.text,
        "code": remark.code,
        "value": remark.value,
        "unit": remark.unit,
        "startSeconds": remark.start_s,
        "endSeconds": remark.end_s,
    }
    return {name: value for name, value in fields.items() if value is not None and value != ""}
