"""What every voice store and key store promises, as tests. Subclass in a test module and give it the fixtures.

Needs pytest and pytest-asyncio (`asyncio_mode = "auto"`), the `dev` extra.
"""

import asyncio
import base64
import hashlib
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from itertools import chain, product

import pytest

from myna.domain.consent import Consent, Revocation, digest_voice_id
from myna.domain.errors import (
    ConsentRevoked,
    CredentialsExpired,
    CredentialsRejected,
    DictionaryChanged,
    InvalidRequest,
    Overloaded,
    RequestInProgress,
    ResourceNotFound,
    ServiceUnavailable,
    VoiceAlreadyExists,
    VoiceNotFound,
)
from myna.domain.language import LangCode
from myna.domain.pronunciation import PronunciationDictionary, PronunciationEntry
from myna.domain.scope import READ, WRITE, Scope
from myna.domain.voice import (
    Refinement,
    TrialMeasures,
    Voice,
    VoiceArtifact,
    VoiceDesign,
    VoiceId,
    VoiceSource,
    WorkspaceId,
)
from myna.testing.clock import FixedClock
from myna.usecases.job_store import ClaimedItem, Job, JobItem, JobStore, NewItem, SpokenItem
from myna.usecases.keep_dictionaries import MAX_DICTIONARIES
from myna.usecases.ports import (
    DictionaryStore,
    KeyStore,
    MarkedRequest,
    RequestKeys,
    RequestMark,
    StoredSample,
    StoredVoice,
    Tallies,
    Tally,
    VoiceChange,
    VoiceStore,
)
from myna.usecases.voice_filter import compile_filter
from myna.usecases.voice_order import VoiceSelection, parse_order

OURS = WorkspaceId("ours")
THEIRS = WorkspaceId("theirs")
ARTIFACT = VoiceArtifact(b"MYNA\x01" + bytes(range(256)), "tone", "1")
BETTER_ARTIFACT = VoiceArtifact(b"MYNA\x01better", "tone", "1")
_TONE = "tone", "1"
SAMPLES = (
    StoredSample(b"RIFF-first", "Grüße, 你好", LangCode.DE_DE, 3.141592653589793, "f" * 64),
    StoredSample(b"RIFF-second", "", LangCode.EN_US),
)
SPOKEN = SpokenItem(b"audio" * 1000, "audio/mpeg", b"{}")
FAILURE = {"code": 5, "message": "Grüße", "details": []}
_LIFETIME_S = 3600.0
_LIFETIME = timedelta(seconds=_LIFETIME_S)
_BODY, _OTHER_BODY = "0" * 64, "1" * 64
_MARK, _OTHER_MARK = RequestMark("k", _BODY), RequestMark("k", _OTHER_BODY)
_MADE = (VoiceId("ours__v"), VoiceId("ours__" + "w" * 200))


def make_voice(clock: FixedClock, name: str = "demo", workspace: WorkspaceId = OURS) -> Voice:
    """A voice with every field filled."""
    return Voice(
        voice_id=VoiceId(f"{workspace}__{name}"),
        workspace=workspace,
        display_name=f"Zoë {name} 😀",
        lang=LangCode.EN_GB,
        source=VoiceSource.IVC,
        created_at=clock.now(),
        description="Line one\nline 'two'; --",
        tags=("warm", "naïve"),
        gender="female",
        age_group="middle_aged",
        consent=Consent(
            statement="I am Zoë and I agree.",
            recordings=tuple(sample.digest for sample in SAMPLES),
            given_at=clock.now(),
        ),
        design=VoiceDesign("A warm voice; it's “calm”.", 2**32 - 1),
    )


def make_draft(clock: FixedClock, name: str = "draft") -> Voice:
    """A preview that expires in an hour."""
    expires_at = clock.now().fromtimestamp(clock.now().timestamp() + _LIFETIME_S, clock.now().tzinfo)
    return replace(make_voice(clock, name), is_draft=True, expires_at=expires_at)


def make_dictionary(number: int) -> PronunciationDictionary:
    """One of several; the numbers are in the order of time."""
    now = FixedClock().now()
    entries = (
        PronunciationEntry("Zoë’s", "en-US", ("ˈ", "z", "o", "ʊ", "z")),
        PronunciationEntry("渋谷", "ja-JP", ("ɕ", "i", "b", "ɯ", "j", "a")),
    )
    return PronunciationDictionary(
        OURS, f"0190a0a0-0000-7000-8000-{number:012d}", f"Names {number} 😀", entries, f"etag{number}", now, now
    )


class VoiceStoreContract:
    """Promises of `VoiceStore`. Fixtures to give: `voices` (empty, sharing the clock)."""

    @pytest.fixture
    def clock(self) -> FixedClock:
        return FixedClock()

    async def test_a_stored_voice_comes_back_as_it_was(self, voices: VoiceStore, clock: FixedClock) -> None:
        """Every field, the artifact and the samples in their order survive."""
        voice = make_voice(clock)
        await voices.add(OURS, voice, ARTIFACT, SAMPLES)
        stored = await voices.get_with_artifact(OURS, voice.voice_id)
        assert voice == stored.voice == await voices.get(OURS, voice.voice_id)
        assert stored.artifact == ARTIFACT
        assert tuple(await voices.get_samples(OURS, voice.voice_id)) == SAMPLES

    async def test_nothing_is_kept_that_is_not_noted(self, voices: VoiceStore, clock: FixedClock) -> None:
        """A voice and a consent: noted once, when all else is done, and if that fails all is as it was."""
        voice, noted = make_voice(clock), list[str]()

        def refuse() -> None:
            raise ServiceUnavailable("There is no log.")

        with pytest.raises(ServiceUnavailable):
            await voices.add(OURS, voice, ARTIFACT, SAMPLES, note=refuse)
        assert list(await voices.list(OURS)) == []
        await voices.add(OURS, voice, ARTIFACT, SAMPLES, note=lambda: noted.append("made"))
        with pytest.raises(VoiceAlreadyExists):
            await voices.add(OURS, voice, ARTIFACT, SAMPLES, note=lambda: noted.append("made"))
        with pytest.raises(ServiceUnavailable):
            await voices.set_consent(OURS, voice.voice_id, Consent(given_by="Ann"), note=refuse)
        assert (await voices.get(OURS, voice.voice_id)).consent == voice.consent
        await voices.set_consent(OURS, voice.voice_id, Consent(given_by="Ann"), note=lambda: noted.append("agreed"))
        assert noted == ["made", "agreed"]

    async def test_samples_keep_their_ratings(self, voices: VoiceStore, clock: FixedClock) -> None:
        """To the last digit, and in the order of the upload: what a reference is put together by."""
        voice = make_voice(clock)
        ratings = (-0.4, 1 / 3, 5.0, 0.0, None)
        samples = [StoredSample(b"RIFF", "", LangCode.EN_US, rating) for rating in ratings]
        await voices.add(OURS, voice, ARTIFACT, samples)
        await voices.replace_artifact(OURS, voice.voice_id, BETTER_ARTIFACT)
        assert ratings == tuple(sample.rating for sample in await voices.get_samples(OURS, voice.voice_id))

    async def test_a_voice_may_have_no_samples(self, voices: VoiceStore, clock: FixedClock) -> None:
        """Designed voices come from no recording."""
        voice = make_voice(clock)
        await voices.add(OURS, voice, ARTIFACT, ())
        assert tuple(await voices.get_samples(OURS, voice.voice_id)) == ()
        await voices.delete(OURS, voice.voice_id)
        assert await _is_gone(voices, voice.voice_id)

    async def test_a_revocation_outlives_its_voice(self, voices: VoiceStore, clock: FixedClock) -> None:
        """Consent is replaced as it is; what was revoked stays, newest first, without names, in its workspace only."""
        voice = make_voice(clock)
        await voices.add(OURS, voice, ARTIFACT, SAMPLES)
        given = Consent("Zoë", "Zoë 2", "tests", "Yes.", "v1", ("0" * 64, "1" * 64), clock.now())
        for seconds in (1, 2):
            revoked = replace(given, revoked_at=clock.now() + timedelta(seconds=seconds))
            changed = await voices.set_consent(OURS, voice.voice_id, revoked)
            assert changed == replace(voice, consent=revoked) == await voices.get(OURS, voice.voice_id)
        await voices.set_consent(OURS, voice.voice_id, given)
        assert (await voices.get(OURS, voice.voice_id)).consent == given
        await voices.delete(OURS, voice.voice_id)
        assert list(await voices.list_revocations(OURS, voice.voice_id)) == [
            Revocation(
                digest_voice_id(voice.voice_id),
                given.recordings,
                "v1",
                given.given_at,
                clock.now() + timedelta(seconds=s),
            )
            for s in (2, 1)
        ]
        assert list(await voices.list_revocations(THEIRS, voice.voice_id)) == []
        with pytest.raises(VoiceNotFound):
            await voices.set_consent(OURS, voice.voice_id, given)

    async def test_another_workspace_sees_nothing(self, voices: VoiceStore, clock: FixedClock) -> None:
        """No method reaches a voice of another workspace, even by its full id."""
        voice = make_voice(clock)
        await voices.add(OURS, voice, ARTIFACT, SAMPLES)
        assert list(await voices.list(THEIRS)) == []
        for attempt in (
            voices.get(THEIRS, voice.voice_id),
            voices.get_with_artifact(THEIRS, voice.voice_id),
            voices.get_samples(THEIRS, voice.voice_id),
            voices.update(THEIRS, voice.voice_id, VoiceChange(display_name="stolen")),
            voices.publish(THEIRS, voice.voice_id, VoiceChange()),
            voices.replace_artifact(THEIRS, voice.voice_id, BETTER_ARTIFACT),
            voices.set_consent(THEIRS, voice.voice_id, Consent()),
            voices.delete(THEIRS, voice.voice_id),
        ):
            with pytest.raises(VoiceNotFound):
                await attempt
        assert voice == (await voices.get_with_artifact(OURS, voice.voice_id)).voice

    async def test_voices_are_listed_oldest_first(self, voices: VoiceStore, clock: FixedClock) -> None:
        """Order of creation, by the clock and then by insertion; drafts are not listed."""
        for name in ("b", "a", "c"):
            await voices.add(OURS, make_voice(clock, name), ARTIFACT, ())
        await voices.add(OURS, make_draft(clock), ARTIFACT, ())
        clock.jump(-60)
        await voices.add(OURS, make_voice(clock, "earlier"), ARTIFACT, ())
        assert [voice.tail for voice in await voices.list(OURS)] == ["earlier", "b", "a", "c"]

    async def test_pages_are_what_the_whole_list_says(self, voices: VoiceStore, clock: FixedClock) -> None:
        """In every order, for every filter: page by page what sorting and filtering the whole list gives."""
        names = ("Émile", "emile", "Straße", "STRASSE", "zoë", "_", "😀", "\ufb01n", "a\nb")
        langs, genders = tuple(LangCode)[:2], ("female", "male", "")
        for number, (name, lang) in enumerate(product(names, langs)):
            voice = replace(make_voice(clock, f"{number % 5}{number}"), display_name=name, lang=lang)
            await voices.add(OURS, replace(voice, gender=genders[number % 3]), ARTIFACT, ())
            if number % 4 == 0:
                clock.advance(0.5)
        await voices.update(OURS, VoiceId("ours__33"), VoiceChange(display_name="ÉMILE"))
        await voices.add(OURS, make_draft(clock), ARTIFACT, ())
        await voices.add(THEIRS, make_voice(clock, workspace=THEIRS), ARTIFACT, ())
        everything = await voices.list(OURS)
        orders = ("is_custom asc, create_time asc", "display_name desc", "lang_code desc, display_name", "name desc")
        orders = (*orders, "source, create_time desc", "voice_id", f"lang_code{', source desc, lang_code desc' * 200}")
        filters = (
            "",
            'source = "IVC" AND lang_code = "en"',
            f'lang_code = "{langs[0].bcp47}"',
            "-gender:female OR gender:*",
            "NOT (gender = MALE lang_code:en)",
            "owned = false",
            "source = IVC community = false",
            "categories:any",
            "display_name:emi* source = ivc",
            f"source:({'ivc ' * 1000})",
            "(lang_code:en OR gender:male AND " * 31 + "(gender:female" + ")" * 32,
        )
        for order_by, expression in chain(product(orders, filters[:1]), product(orders[1:3], filters[1:])):
            selection = VoiceSelection(compile_filter(expression), parse_order(order_by), limit=7)
            whole = replace(selection, limit=None).of(everything)
            assert await voices.select(OURS, replace(selection, limit=None)) == whole, (order_by, expression)
            found: list[Voice] = []
            while page := (await voices.select(OURS, selection)).voices:
                found += page
                selection = replace(selection, after=selection.order.position(found[-1]))
            assert found == whole.voices, (order_by, expression)
        assert await voices.list_languages(OURS) == set(langs)
        oldest_first = sorted(everything, key=lambda voice: (voice.created_at, voice.voice_id))
        assert list(await voices.list_names(OURS)) == [(each.voice_id, each.display_name) for each in oldest_first]

    async def test_an_id_is_taken_once(self, voices: VoiceStore, clock: FixedClock) -> None:
        """The second of one id is refused and changes nothing; another workspace may use the same id."""
        voice = make_voice(clock)
        await voices.add(OURS, voice, ARTIFACT, SAMPLES)
        with pytest.raises(VoiceAlreadyExists):
            await voices.add(OURS, replace(voice, display_name="other"), BETTER_ARTIFACT, ())
        await voices.add(THEIRS, replace(voice, workspace=THEIRS), BETTER_ARTIFACT, ())
        assert voice == await voices.get(OURS, voice.voice_id)
        assert (await voices.get_with_artifact(OURS, voice.voice_id)).artifact == ARTIFACT

    async def test_of_two_at_once_one_wins(self, voices: VoiceStore, clock: FixedClock) -> None:
        """A race for one id has exactly one winner, and its artifact is the stored one."""
        voice = make_voice(clock)
        artifacts = [VoiceArtifact(b"MYNA\x01" + bytes([number]), "tone", "1") for number in range(8)]
        results = await asyncio.gather(
            *(voices.add(OURS, voice, artifact, SAMPLES) for artifact in artifacts), return_exceptions=True
        )
        winners = [artifact for artifact, result in zip(artifacts, results, strict=True) if result is None]
        assert [VoiceAlreadyExists] * 7 == [type(result) for result in results if result is not None]
        assert winners == [(await voices.get_with_artifact(OURS, voice.voice_id)).artifact]

    async def test_who_changes_what_is_being_deleted_is_told(self, voices: VoiceStore, clock: FixedClock) -> None:
        """A change comes before the deletion, or finds nothing."""
        for number in range(10):
            draft = make_draft(clock, f"v{number}")
            await voices.add(OURS, draft, ARTIFACT, ())
            *changes, deletion = await asyncio.gather(
                voices.update(OURS, draft.voice_id, VoiceChange(display_name="New")),
                voices.publish(OURS, draft.voice_id, VoiceChange()),
                voices.set_consent(OURS, draft.voice_id, Consent("I agree.")),
                voices.delete(OURS, draft.voice_id),
                return_exceptions=True,
            )
            assert {type(change) for change in changes} <= {Voice, VoiceNotFound}
            assert not isinstance(deletion, BaseException)
            assert await _is_gone(voices, draft.voice_id)

    async def test_who_leaves_holds_nobody_up(self, voices: VoiceStore, clock: FixedClock) -> None:
        """In the middle of a change, while others wait for theirs."""
        voice = make_voice(clock)
        await voices.add(OURS, voice, ARTIFACT, ())
        change = VoiceChange(description="x")
        for number in range(10):
            leaving = [asyncio.create_task(voices.update(OURS, voice.voice_id, change)) for _ in range(3)]
            await asyncio.wait(leaving, return_when=asyncio.FIRST_COMPLETED)
            for each in leaving:
                each.cancel()
            async with asyncio.timeout(60):
                await voices.update(OURS, voice.voice_id, VoiceChange(display_name=f"{number}"))
            await asyncio.gather(*leaving, return_exceptions=True)
        assert (await voices.get(OURS, voice.voice_id)).display_name == "9"

    async def test_many_at_once_are_all_stored(self, voices: VoiceStore, clock: FixedClock) -> None:
        """Concurrent clones do not disturb each other."""
        names = [f"v{number}" for number in range(20)]
        await asyncio.gather(*(voices.add(OURS, make_voice(clock, name), ARTIFACT, SAMPLES) for name in names))
        assert set(names) == {voice.tail for voice in await voices.list(OURS)}

    async def test_an_update_changes_what_it_names(self, voices: VoiceStore, clock: FixedClock) -> None:
        """None leaves a field, an empty value empties it."""
        voice = make_voice(clock)
        await voices.add(OURS, voice, ARTIFACT, ())
        change = VoiceChange(display_name="New", tags=(), gender="")
        expected = replace(voice, display_name="New", tags=(), gender="")
        assert expected == await voices.update(OURS, voice.voice_id, change)
        assert expected == await voices.get(OURS, voice.voice_id)
        assert expected == await voices.update(OURS, voice.voice_id, VoiceChange())
        rest = VoiceChange(description="d", age_group="young")
        assert replace(expected, description="d", age_group="young") == await voices.update(OURS, voice.voice_id, rest)

    async def test_a_draft_speaks_until_it_expires(self, voices: VoiceStore, clock: FixedClock) -> None:
        """A draft is found by its id but not listed, and not found when its time is over."""
        draft = make_draft(clock)
        await voices.add(OURS, draft, ARTIFACT, ())
        clock.advance(_LIFETIME_S - 1)
        assert draft == (await voices.get_with_artifact(OURS, draft.voice_id)).voice
        clock.advance(1)
        assert await _is_gone(voices, draft.voice_id)
        for attempt in (
            voices.publish(OURS, draft.voice_id, VoiceChange()),
            voices.update(OURS, draft.voice_id, VoiceChange()),
            voices.delete(OURS, draft.voice_id),
        ):
            with pytest.raises(VoiceNotFound):
                await attempt

    async def test_a_published_draft_stays(self, voices: VoiceStore, clock: FixedClock) -> None:
        """Publishing lists the voice with its changes and takes the expiry away; again is no error, and what it names
        is changed."""
        draft = make_draft(clock)
        await voices.add(OURS, draft, ARTIFACT, ())
        published = await voices.publish(OURS, draft.voice_id, VoiceChange(display_name="Kept"))
        assert replace(draft, display_name="Kept", is_draft=False, expires_at=None) == published
        clock.advance(10 * _LIFETIME_S)
        assert await voices.delete_expired_drafts() == 0
        assert [published] == list(await voices.list(OURS))
        assert published == await voices.publish(OURS, draft.voice_id, VoiceChange())
        again = await voices.publish(OURS, draft.voice_id, VoiceChange(display_name="Again"))
        assert replace(published, display_name="Again") == again == await voices.get(OURS, draft.voice_id)

    async def test_expired_drafts_are_swept(self, voices: VoiceStore, clock: FixedClock) -> None:
        """Only drafts past their time go, in every workspace."""
        await voices.add(OURS, make_voice(clock), ARTIFACT, SAMPLES)
        await voices.add(OURS, make_draft(clock), ARTIFACT, SAMPLES)
        await voices.add(THEIRS, replace(make_draft(clock), workspace=THEIRS), ARTIFACT, ())
        clock.advance(_LIFETIME_S)
        late = make_draft(clock, "late")
        await voices.add(OURS, late, ARTIFACT, ())
        assert await voices.delete_expired_drafts() == 2
        assert await voices.delete_expired_drafts() == 0
        assert late == await voices.get(OURS, late.voice_id)
        assert len(await voices.list(OURS)) == 1

    async def test_old_voices_are_deleted(self, voices: VoiceStore, clock: FixedClock) -> None:
        """Those made before a moment, in every workspace; not the one of that moment. Several may do so at once."""
        await voices.add(OURS, make_voice(clock), ARTIFACT, SAMPLES)
        await voices.add(THEIRS, replace(make_voice(clock), workspace=THEIRS), ARTIFACT, ())
        clock.advance(60)
        young = make_voice(clock, "young")
        await voices.add(OURS, young, ARTIFACT, SAMPLES)
        deleted = await asyncio.gather(*(voices.delete_made_before(clock.now()) for _ in range(4)))
        assert [*chain(*deleted)] == [make_voice(clock).voice_id] * 2
        assert list(await voices.delete_made_before(clock.now())) == []
        assert [young] == list(await voices.list(OURS))
        assert list(await voices.list(THEIRS)) == []

    async def test_a_better_artifact_takes_the_place(self, voices: VoiceStore, clock: FixedClock) -> None:
        """Only the artifact changes."""
        voice = make_voice(clock)
        await voices.add(OURS, voice, ARTIFACT, SAMPLES)
        newer = VoiceArtifact(b"MYNA\x02", "other", "9")
        await voices.replace_artifact(OURS, voice.voice_id, newer)
        stored = await voices.get_with_artifact(OURS, voice.voice_id)
        assert (replace(voice, refinement=Refinement.DONE), newer) == (stored.voice, stored.artifact)
        assert tuple(await voices.get_samples(OURS, voice.voice_id)) == SAMPLES

    async def test_another_artifact_may_wait_for_a_better_one(self, voices: VoiceStore, clock: FixedClock) -> None:
        """A voice that was made again is refined again, if its engine refines."""
        done, waiting = (make_voice(clock, name) for name in ("done", "waiting"))
        for voice, refinement in ((done, Refinement.NONE), (waiting, Refinement.REFINING)):
            await voices.add(OURS, voice, ARTIFACT, SAMPLES)
            await voices.replace_artifact(OURS, voice.voice_id, BETTER_ARTIFACT, refinement)
            stored = await voices.get_with_artifact(OURS, voice.voice_id)
            assert (replace(voice, refinement=refinement), BETTER_ARTIFACT) == (stored.voice, stored.artifact)
        assert [waiting.voice_id] == [voice.voice_id for voice in await voices.list_pending_refinements(*_TONE)]

    async def test_voices_of_other_engines_are_listed(self, voices: VoiceStore, clock: FixedClock) -> None:
        """Of every workspace, oldest first: another engine, or another version; no drafts, and none that was remade."""
        made_by = {"ours": ("tone", "1"), "older": ("tone", "0"), "other": ("kokoro", "1"), "remade": ("tone", "0")}
        for name, engine in made_by.items():
            await voices.add(OURS, make_voice(clock, name), VoiceArtifact(b"MYNA", *engine), ())
            clock.advance(1)
        await voices.add(THEIRS, make_voice(clock, "theirs", THEIRS), VoiceArtifact(b"MYNA", "tone", "0"), ())
        await voices.add(OURS, make_draft(clock), VoiceArtifact(b"MYNA", "tone", "0"), ())
        await voices.replace_artifact(OURS, VoiceId(f"{OURS}__remade"), ARTIFACT)
        listed = await voices.list_made_by_others(ARTIFACT.engine_id, ARTIFACT.engine_version)
        assert [voice.tail for voice in listed] == ["older", "other", "theirs"]

    async def test_reading_during_replacement_gives_one_or_the_other(
        self, voices: VoiceStore, clock: FixedClock
    ) -> None:
        """Readers never meet a missing artifact while it is replaced."""
        voice = make_voice(clock)
        await voices.add(OURS, voice, ARTIFACT, ())

        async def replace_often() -> None:
            for artifact in (BETTER_ARTIFACT, ARTIFACT) * 4:
                await voices.replace_artifact(OURS, voice.voice_id, artifact)

        async def read_often() -> Sequence[VoiceArtifact]:
            return [(await voices.get_with_artifact(OURS, voice.voice_id)).artifact for _ in range(20)]

        _, first, second = await asyncio.gather(replace_often(), read_often(), read_often())
        assert {artifact.digest for artifact in (*first, *second)} <= {ARTIFACT.digest, BETTER_ARTIFACT.digest}

    async def test_a_deleted_voice_is_gone(self, voices: VoiceStore, clock: FixedClock) -> None:
        """Not listed, not readable, not deletable again; its id is free."""
        voice = make_voice(clock)
        await voices.add(OURS, voice, ARTIFACT, SAMPLES)
        await voices.delete(OURS, voice.voice_id)
        assert await _is_gone(voices, voice.voice_id)
        assert list(await voices.list(OURS)) == []
        with pytest.raises(VoiceNotFound):
            await voices.delete(OURS, voice.voice_id)
        with pytest.raises(VoiceNotFound):
            await voices.replace_artifact(OURS, voice.voice_id, BETTER_ARTIFACT)
        await voices.add(OURS, voice, BETTER_ARTIFACT, ())
        assert tuple(await voices.get_samples(OURS, voice.voice_id)) == ()

    async def test_nothing_is_left_to_recover(self, voices: VoiceStore, clock: FixedClock) -> None:
        """After orderly work there are no leftovers, and the store says it is well."""
        voice = make_voice(clock)
        await voices.add(OURS, voice, ARTIFACT, SAMPLES)
        await voices.replace_artifact(OURS, voice.voice_id, BETTER_ARTIFACT)
        assert await voices.recover() == 0
        await voices.check()
        assert voice.voice_id == (await voices.get(OURS, voice.voice_id)).voice_id

    async def test_pending_refinements_are_listed_until_done(self, voices: VoiceStore, clock: FixedClock) -> None:
        """Of every workspace and stage, oldest first, made by one engine; a replaced artifact ends the waiting."""
        stages = {"a": Refinement.REFINING, "b": Refinement.HEARING, "d": Refinement.MEASURING}
        waiting = [replace(make_voice(clock, name), refinement=stage) for name, stage in stages.items()]
        for voice in waiting:
            await voices.add(OURS, voice, ARTIFACT, ())
            clock.advance(1)
        await voices.add(OURS, make_voice(clock, "c"), ARTIFACT, ())
        assert [v.voice_id for v in waiting] == [v.voice_id for v in await voices.list_pending_refinements(*_TONE)]
        for other in (("tone", "2"), ("kokoro", "1")):
            assert list(await voices.list_pending_refinements(*other)) == []
        await voices.replace_artifact(OURS, waiting[0].voice_id, BETTER_ARTIFACT)
        assert waiting[1:] == list(await voices.list_pending_refinements(*_TONE))

    async def test_who_is_late_changes_nothing(self, voices: VoiceStore, clock: FixedClock) -> None:
        """What was made of an artifact or a stage that is not there any more, or of a voice that was revoked."""
        voice = replace(make_voice(clock), refinement=Refinement.HEARING)
        await voices.add(OURS, voice, ARTIFACT, SAMPLES)
        began = await voices.get_with_artifact(OURS, voice.voice_id)
        assert await voices.claim_refinement(voice, timedelta(seconds=30))
        here = OURS, voice.voice_id
        assert await voices.replace_artifact(*here, BETTER_ARTIFACT, Refinement.MEASURING, over=began)
        assert not await voices.claim_refinement(voice, timedelta(seconds=30))
        now = await voices.get_with_artifact(*here)
        for over in (began, replace(now, artifact=ARTIFACT), replace(now, voice=began.voice)):
            assert not await voices.replace_artifact(*here, ARTIFACT, over=over)
            assert not await voices.set_measures(over, TrialMeasures(0.5, 0.5), Refinement.DONE)
        assert await voices.get_with_artifact(*here) == now
        await voices.set_consent(*here, Consent(revoked_at=clock.now()))
        for attempt in (
            voices.replace_artifact(*here, ARTIFACT, over=now),
            voices.set_measures(now, TrialMeasures(), Refinement.DONE),
            voices.claim_refinement(now.voice, timedelta(seconds=30)),
        ):
            with pytest.raises(ConsentRevoked):
                await attempt
        assert (await voices.get_with_artifact(*here)).artifact == BETTER_ARTIFACT
        assert await voices.recover() == 0

    async def test_measures_are_kept_with_what_they_were_taken_of(self, voices: VoiceStore, clock: FixedClock) -> None:
        """They outlive a finer version; a voice that begins anew has none. Half of them may be missing."""
        voice = replace(make_voice(clock), measures=TrialMeasures(0.5))
        await voices.add(OURS, voice, ARTIFACT, SAMPLES)
        assert await voices.get(OURS, voice.voice_id) == voice
        measures = TrialMeasures(0.75, 0.25)
        began = StoredVoice(voice, ARTIFACT)
        assert await voices.set_measures(began, measures, Refinement.REFINING)
        measured = replace(voice, measures=measures, refinement=Refinement.REFINING)
        assert [measured] == await voices.list_pending_refinements(*_TONE)
        await voices.replace_artifact(OURS, voice.voice_id, BETTER_ARTIFACT)
        assert (await voices.get(OURS, voice.voice_id)).measures == measures
        await voices.replace_artifact(OURS, voice.voice_id, ARTIFACT, Refinement.HEARING)
        assert (await voices.get(OURS, voice.voice_id)).measures == TrialMeasures()
        with pytest.raises(VoiceNotFound):
            await voices.set_measures(replace(began, voice=make_voice(clock, "gone")), measures, Refinement.DONE)


class KeyStoreContract:
    """Promises of `KeyStore`. Fixtures to give: `keys` (empty, sharing the clock)."""

    @pytest.fixture
    def clock(self) -> FixedClock:
        return FixedClock()

    async def test_a_key_opens_its_workspace(self, keys: KeyStore) -> None:
        """What was granted is what is opened."""
        reader, reader_row = await keys.create(OURS, READ)
        writer, writer_row = await keys.create(THEIRS, WRITE)
        assert (OURS, READ, reader_row.key_id) == _grant(await keys.verify(reader))
        assert (THEIRS, WRITE, writer_row.key_id) == _grant(await keys.verify(writer))

    async def test_a_key_is_base64_of_id_and_secret(self, keys: KeyStore) -> None:
        """The form of the documented API, in characters that need no escaping in a URL."""
        key, row = await keys.create(OURS, WRITE)
        key_id, _, secret = base64.b64decode(key, validate=True).decode().partition(":")
        assert row.key_id == key_id
        assert len(secret) >= 40
        assert key.isalnum()
        assert key[:4] == row.prefix

    async def test_a_wrong_key_opens_nothing(self, keys: KeyStore) -> None:
        """A right id with a wrong secret, and anything that is no key, are refused in one way."""
        key, row = await keys.create(OURS, WRITE)
        forged = base64.b64encode(f"{row.key_id}:{'x' * 43}".encode()).decode()
        for wrong in (forged, key[:-4], key + "AAAA", key.swapcase(), "", "a", "x:y", "é" * 80, "A" * 10_000, "\n"):
            with pytest.raises(CredentialsRejected) as caught:
                await keys.verify(wrong)
            assert key not in caught.value.message
            assert "API key does not exist or was deleted" in caught.value.message

    async def test_a_revoked_key_opens_nothing(self, keys: KeyStore, clock: FixedClock) -> None:
        """Revoked at once, listed still, and revoking again keeps the first moment."""
        key, row = await keys.create(OURS, WRITE)
        other, _ = await keys.create(OURS, WRITE)
        revoked_at = clock.now()
        await keys.revoke(row.key_id)
        clock.advance(60)
        await keys.revoke(row.key_id)
        with pytest.raises(CredentialsRejected):
            await keys.verify(key)
        assert (await keys.verify(other)).workspace == OURS
        assert [revoked_at] == [listed.revoked_at for listed in await keys.list() if listed.key_id == row.key_id]

    async def test_a_key_may_expire(self, keys: KeyStore, clock: FixedClock) -> None:
        """To the moment; told apart from a wrong one, but only to who has the whole key. A revoked one is wrong."""
        key, row = await keys.create(OURS, WRITE, timedelta(days=2))
        assert row.expires_at == clock.now() + timedelta(days=2)
        clock.advance(2 * 86400 - 1)
        assert (await keys.verify(key)).key_id == row.key_id
        clock.advance(1)
        with pytest.raises(CredentialsExpired) as caught:
            await keys.verify(key)
        assert (key not in caught.value.message, key[:4] in caught.value.message) == (True, True)
        with pytest.raises(CredentialsRejected):
            await keys.verify(base64.b64encode(f"{row.key_id}:{'x' * 43}".encode()).decode())
        await keys.revoke(row.key_id)
        with pytest.raises(CredentialsRejected):
            await keys.verify(key)

    async def test_a_key_is_rotated(self, keys: KeyStore, clock: FixedClock) -> None:
        """The new one opens the same for as long; the old one ends after the overlap, or at once, never later,
        and is not rotated again."""
        scopes = frozenset({Scope.SPEAK, Scope.READ_VOICES})
        old, old_row = await keys.create(OURS, scopes, timedelta(days=30))
        clock.advance(29.5 * 86400)
        new, row = await keys.rotate(old_row.key_id, timedelta(days=1))
        assert (row.workspace, row.scopes, row.expires_at) == (OURS, scopes, clock.now() + timedelta(days=30))
        assert [(await keys.verify(key)).scopes for key in (old, new)] == [scopes, scopes]
        with pytest.raises(InvalidRequest, match="was rotated"):  # its lifetime is cut: so would be the new one's
            await keys.rotate(old_row.key_id, timedelta(days=1))
        assert len(await keys.list()) == 2
        clock.advance(0.5 * 86400)
        with pytest.raises(CredentialsExpired):
            await keys.verify(old)
        for gone in (old_row.key_id, (await keys.create(THEIRS, READ, timedelta(0)))[1].key_id):
            with pytest.raises(InvalidRequest):
                await keys.rotate(gone, timedelta(days=1))
        await keys.rotate(row.key_id, timedelta(0))
        with pytest.raises(CredentialsRejected):
            await keys.verify(new)
        with pytest.raises(ResourceNotFound):
            await keys.rotate("0000", timedelta(0))

    async def test_a_key_is_vouched_for_by_its_id(self, keys: KeyStore, clock: FixedClock) -> None:
        """As if it had been sent: what it opens, expiry, revocation, the day of its use. What it signs with is kept."""
        key, row = await keys.create(OURS, READ, timedelta(days=1))
        assert await keys.vouch(row.key_id) == await keys.verify(key)
        assert [listed.last_used_on for listed in await keys.list()] == [clock.now().date()]
        secret = base64.b64decode(key).decode().partition(":")[2]
        assert await keys.signing_secret(row.key_id) == hashlib.sha256(f"IW1{secret}".encode()).digest()
        assert await keys.signing_secret("0000") is None
        clock.advance(86400)
        with pytest.raises(CredentialsExpired):
            await keys.vouch(row.key_id)
        await keys.revoke(row.key_id)
        for key_id in (row.key_id, "0000"):
            with pytest.raises(CredentialsRejected):
                await keys.vouch(key_id)

    async def test_a_name_is_spent_once(self, keys: KeyStore, clock: FixedClock) -> None:
        """Of several at once one gets it; a clock that ran ahead and was set back gives it to nobody else."""
        ends_at = clock.now() + timedelta(seconds=5)
        assert sorted(await asyncio.gather(*(keys.spend("a", ends_at) for _ in range(8)))) == [False] * 7 + [True]
        assert await keys.spend("b", ends_at)
        clock.jump(3600)
        assert await keys.spend("c", ends_at + timedelta(seconds=3600))
        clock.jump(-3600)
        assert not await keys.spend("a", ends_at)

    async def test_the_day_of_the_last_use_is_listed(self, keys: KeyStore, clock: FixedClock) -> None:
        """None before the first; a refused key is not used."""
        key, row = await keys.create(OURS, WRITE)
        assert row.last_used_on is None
        for _ in range(2):
            await keys.verify(key)
            assert [listed.last_used_on for listed in await keys.list()] == [clock.now().date()]
            clock.advance(86400)
        used_on = (clock.now() - timedelta(days=1)).date()
        await keys.revoke(row.key_id)
        with pytest.raises(CredentialsRejected):
            await keys.verify(key)
        assert [listed.last_used_on for listed in await keys.list()] == [used_on]

    async def test_keys_are_listed_oldest_first(self, keys: KeyStore, clock: FixedClock) -> None:
        """As they were described when they were made, without the secret."""
        rows = []
        for workspace in (THEIRS, OURS):
            key, row = await keys.create(workspace, READ)
            rows.append(row)
            assert key not in repr(row)
            clock.advance(1)
        assert rows == list(await keys.list())

    async def test_an_unknown_key_cannot_be_revoked(self, keys: KeyStore) -> None:
        """The caller learns that there was nothing to revoke."""
        with pytest.raises(ResourceNotFound):
            await keys.revoke("0000")

    @pytest.mark.parametrize("name", ["", "A", "a__b", "-a", "a-", "a b", "ä", "a/b", "a" * 64, "a\n", "_"])
    async def test_a_workspace_name_is_plain(self, keys: KeyStore, name: str) -> None:
        """Names that could not be part of a voice id or a path are refused."""
        with pytest.raises(InvalidRequest):
            await keys.create(WorkspaceId(name), WRITE)
        assert list(await keys.list()) == []


class RequestKeyContract:
    """Promises of the store of `Idempotency-Key`s. Fixtures to give: `request_keys` and the `voices` that they make
    (empty, sharing the clock)."""

    @pytest.fixture
    def clock(self) -> FixedClock:
        return FixedClock()

    async def test_a_repeated_request_meets_the_first(self, request_keys: RequestKeys) -> None:
        """At work first, then with what it made; whatever the key looks like."""
        for key in ("", "a" * 10_000, "\0'; --", "Grüße"):
            mark, other = RequestMark(key, _BODY), RequestMark(key, _OTHER_BODY)
            assert await request_keys.begin(OURS, mark, _LIFETIME) is None
            assert await request_keys.begin(OURS, other, _LIFETIME) == MarkedRequest(_BODY, ())
            await request_keys.finish(OURS, mark, _MADE, _LIFETIME)
            assert await request_keys.begin(OURS, mark, _LIFETIME) == MarkedRequest(_BODY, _MADE)

    async def test_a_key_is_of_one_workspace(self, request_keys: RequestKeys) -> None:
        """The same key elsewhere is another."""
        assert await request_keys.begin(OURS, _MARK, _LIFETIME) is None
        assert await request_keys.begin(THEIRS, _OTHER_MARK, _LIFETIME) is None
        await request_keys.finish(THEIRS, _OTHER_MARK, _MADE, _LIFETIME)
        await request_keys.abandon(THEIRS, _OTHER_MARK)
        assert await request_keys.begin(OURS, _MARK, _LIFETIME) == MarkedRequest(_BODY, ())

    async def test_a_failed_request_may_be_repeated(self, request_keys: RequestKeys) -> None:
        """Its key is free."""
        assert await request_keys.begin(OURS, _MARK, _LIFETIME) is None
        await request_keys.abandon(OURS, _MARK)
        assert await request_keys.begin(OURS, _OTHER_MARK, _LIFETIME) is None

    async def test_what_has_expired_is_forgotten(self, request_keys: RequestKeys, clock: FixedClock) -> None:
        """After a lifetime from the beginning, or from the end."""
        assert await request_keys.begin(OURS, _MARK, _LIFETIME) is None
        clock.advance(_LIFETIME_S - 1)
        await request_keys.finish(OURS, _MARK, _MADE, _LIFETIME)
        clock.advance(_LIFETIME_S - 1)
        assert await request_keys.begin(OURS, _MARK, _LIFETIME) is not None
        clock.advance(1)
        assert await request_keys.begin(OURS, _OTHER_MARK, _LIFETIME) is None

    async def test_a_request_at_work_keeps_its_key(self, request_keys: RequestKeys, clock: FixedClock) -> None:
        """As long as it says so; what is done, or another's, is not made to last by that."""
        await request_keys.renew(OURS, _MARK, _LIFETIME)
        assert await request_keys.begin(OURS, _MARK, _LIFETIME) is None
        for _ in range(3):
            clock.advance(_LIFETIME_S - 1)
            await request_keys.renew(OURS, _OTHER_MARK, _LIFETIME)
            await request_keys.renew(OURS, _MARK, _LIFETIME)
        assert await request_keys.begin(OURS, _MARK, _LIFETIME) == MarkedRequest(_BODY, ())
        await request_keys.finish(OURS, _MARK, _MADE, _LIFETIME)
        clock.advance(1)
        await request_keys.renew(OURS, _MARK, _LIFETIME)
        clock.advance(_LIFETIME_S - 1)
        assert await request_keys.begin(OURS, _MARK, _LIFETIME) is None

    async def test_of_several_at_once_one_begins(self, request_keys: RequestKeys) -> None:
        """The others meet it at work."""
        begun = await asyncio.gather(*(request_keys.begin(OURS, _MARK, _LIFETIME) for _ in range(8)))
        assert begun.count(None) == 1
        assert begun.count(MarkedRequest(_BODY, ())) == 7

    async def test_a_voice_and_its_request_are_kept_together(
        self, request_keys: RequestKeys, voices: VoiceStore, clock: FixedClock
    ) -> None:
        """Whatever becomes of who made it: asked again it is this voice. If it goes the request may be sent again."""
        voice = make_voice(clock)
        assert await request_keys.begin(OURS, _MARK, _LIFETIME) is None
        await voices.add(OURS, voice, ARTIFACT, (), mark=_MARK)
        await request_keys.abandon(OURS, _MARK)
        clock.advance(_LIFETIME_S + 1)
        assert await request_keys.begin(OURS, _MARK, _LIFETIME) == MarkedRequest(_BODY, (voice.voice_id,))
        await voices.delete(OURS, voice.voice_id)
        await request_keys.abandon(OURS, _MARK)
        assert await request_keys.begin(OURS, _MARK, _LIFETIME) is None

    @pytest.mark.parametrize("taken_by", [None, _OTHER_MARK, _MARK])
    async def test_a_late_voice_takes_nobodys_key(
        self, request_keys: RequestKeys, voices: VoiceStore, clock: FixedClock, taken_by: RequestMark | None
    ) -> None:
        """Its request took so long that the key is free, and is taken again, or is another's: there is no voice then,
        and the other's is its own. taken_by: the last: the same request, sent again, which has made its voice."""
        voice, others = make_voice(clock, "late"), make_voice(clock, "other")
        await request_keys.begin(OURS, _MARK, _LIFETIME)
        clock.advance(_LIFETIME_S)
        if taken_by is None:
            await request_keys.abandon(OURS, _MARK)
        else:
            assert await request_keys.begin(OURS, taken_by, _LIFETIME) is None
        if taken_by is _MARK:
            await voices.add(OURS, others, ARTIFACT, (), mark=_MARK)
        with pytest.raises(RequestInProgress) if taken_by else nullcontext():
            await voices.add(OURS, voice, ARTIFACT, SAMPLES, mark=_MARK)
        with pytest.raises(VoiceNotFound) if taken_by else nullcontext():
            await voices.get(OURS, voice.voice_id)
        await request_keys.finish(OURS, _MARK, _MADE, _LIFETIME)
        await request_keys.abandon(OURS, _MARK)
        if taken_by is _OTHER_MARK:
            await voices.add(OURS, others, ARTIFACT, (), mark=_OTHER_MARK)
        mark, kept = (taken_by, others) if taken_by else (_MARK, voice)
        made = MarkedRequest(mark.body_sha256, (kept.voice_id,))
        assert await request_keys.begin(OURS, mark, _LIFETIME) == made


class TallyContract:
    """Promises of `Tallies`. Fixtures to give: `tallies` (empty, sharing the clock)."""

    @pytest.fixture
    def clock(self) -> FixedClock:
        return FixedClock()

    async def test_counts_change_one_caller_after_the_other(self, tallies: Tallies) -> None:
        """None is lost, and what is refused in between leaves them as they are; names are any text."""

        def count(tally: Tally) -> Tally:
            return {"num": tally.get("num", 0) + 1}

        def refuse(tally: Tally) -> Tally:
            raise Overloaded(str(tally["num"]))

        assert await tallies.get("a") == {}
        await asyncio.gather(*(tallies.change("a", count, _LIFETIME) for _ in range(8)))
        with pytest.raises(Overloaded, match="8"):
            await tallies.change("a", refuse, _LIFETIME)
        await tallies.change("'; -- \0 Grüße" * 100, count, _LIFETIME)
        assert await tallies.get("a") == {"num": 8}

    async def test_who_leaves_holds_nobody_up(self, tallies: Tallies) -> None:
        """Wherever in the change that is."""
        for num_steps in range(40):
            leaving = asyncio.create_task(tallies.change("a", lambda tally: tally, _LIFETIME))
            for _ in range(num_steps):
                await asyncio.sleep(0)
            leaving.cancel()
            async with asyncio.timeout(60):
                await tallies.change("a", lambda tally: {"num": tally.get("num", 0) + 1}, _LIFETIME)
            await asyncio.gather(leaving, return_exceptions=True)
        assert await tallies.get("a") == {"num": 40}

    async def test_counts_begin_anew_after_their_time(self, tallies: Tallies, clock: FixedClock) -> None:
        """From the last change on; it makes room for others."""
        await tallies.change("a", lambda _: {"num": 1}, _LIFETIME)
        clock.advance(_LIFETIME_S - 1)
        await tallies.change("a", lambda tally: {"num": tally["num"] + 1}, _LIFETIME)
        clock.advance(_LIFETIME_S - 1)
        assert await tallies.get("a") == {"num": 2}
        clock.advance(1)
        assert await tallies.get("a") == {}
        await tallies.change("b", lambda tally: tally, _LIFETIME)
        await tallies.change("a", lambda tally: tally, _LIFETIME)
        assert await tallies.get("a") == {}


class DictionaryStoreContract:
    """Promises of `DictionaryStore`. Fixtures to give: `dictionaries` (empty)."""

    @pytest.fixture
    def clock(self) -> FixedClock:
        return FixedClock()

    async def test_a_dictionary_comes_back_as_it_was(self, dictionaries: DictionaryStore) -> None:
        """Every field, and to nobody else."""
        made = make_dictionary(1)
        await dictionaries.add(made)
        await dictionaries.add(replace(make_dictionary(1), workspace=THEIRS, display_name="Theirs"))
        assert await dictionaries.get(OURS, made.dictionary_id) == made
        assert (await dictionaries.get(THEIRS, made.dictionary_id)).display_name == "Theirs"
        assert await dictionaries.list(WorkspaceId("others"), "", 5) == []
        for workspace, number in ((WorkspaceId("others"), 1), (OURS, 2)):
            with pytest.raises(ResourceNotFound):
                await dictionaries.get(workspace, make_dictionary(number).dictionary_id)
            with pytest.raises(ResourceNotFound):
                await dictionaries.delete(workspace, make_dictionary(number).dictionary_id, made.etag)
            with pytest.raises(ResourceNotFound):
                await dictionaries.replace(replace(make_dictionary(number), workspace=workspace), made.etag)

    async def test_dictionaries_are_listed_in_pages(self, dictionaries: DictionaryStore) -> None:
        """The oldest first; a page goes on behind a dictionary that was deleted."""
        for number in (3, 1, 2):
            await dictionaries.add(make_dictionary(number))
        first = await dictionaries.list(OURS, "", 2)
        assert first == [make_dictionary(1), make_dictionary(2)]
        await dictionaries.delete(OURS, first[-1].dictionary_id, first[-1].etag)
        assert await dictionaries.list(OURS, first[-1].dictionary_id, 2) == [make_dictionary(3)]

    async def test_a_workspace_has_so_many_dictionaries(self, dictionaries: DictionaryStore) -> None:
        """Another workspace's do not count; who deletes one may make one."""
        for number in range(MAX_DICTIONARIES):
            await dictionaries.add(make_dictionary(number))
        one_more = make_dictionary(MAX_DICTIONARIES)
        with pytest.raises(InvalidRequest):
            await dictionaries.add(one_more)
        await dictionaries.add(replace(one_more, workspace=THEIRS))
        await dictionaries.delete(OURS, make_dictionary(0).dictionary_id, make_dictionary(0).etag)
        await dictionaries.add(one_more)

    async def test_of_two_changes_at_once_one_wins(self, dictionaries: DictionaryStore) -> None:
        """The other learns that its etag is stale, and so does who deletes with it."""
        await dictionaries.add(make_dictionary(1))
        changes = [replace(make_dictionary(1), display_name=name, etag=name) for name in ("a", "b")]
        outcomes = await asyncio.gather(
            *(dictionaries.replace(change, make_dictionary(1).etag) for change in changes), return_exceptions=True
        )
        assert [type(outcome) for outcome in outcomes if outcome is not None] == [DictionaryChanged]
        kept = changes[outcomes.index(None)]
        assert await dictionaries.get(OURS, kept.dictionary_id) == kept
        with pytest.raises(DictionaryChanged):
            await dictionaries.delete(OURS, kept.dictionary_id, make_dictionary(1).etag)
        await dictionaries.delete(OURS, kept.dictionary_id, kept.etag)
        with pytest.raises(ResourceNotFound):
            await dictionaries.get(OURS, kept.dictionary_id)


class JobStoreContract:
    """Promises of the store of jobs. Fixtures to give: `jobs` (empty, sharing the clock)."""

    @pytest.fixture
    def clock(self) -> FixedClock:
        return FixedClock()

    async def test_a_job_is_worked_off_item_by_item(self, jobs: JobStore, clock: FixedClock) -> None:
        """Each is claimed once; when the last is done the job is, and its results are there until they expire."""
        job = await _add_job(jobs, clock, "a" * 32, 2)
        assert await jobs.get(OURS, job.job_id) == job
        first, second = await jobs.claim(OURS, _LIFETIME), await jobs.claim(OURS, _LIFETIME)
        assert await jobs.claim(OURS, _LIFETIME) is None
        assert first == ClaimedItem(job, 0, "message 0", 1)
        assert second == ClaimedItem(job, 1, "message 1", 1)
        with pytest.raises(ResourceNotFound):
            await jobs.get_result(job.job_id, 0)
        await jobs.finish(first, SPOKEN, _LIFETIME)
        await jobs.finish(first, FAILURE, _LIFETIME)  # too late: it is done
        assert (await jobs.get(OURS, job.job_id)).expires_at is None
        assert list(await jobs.list_waiting()) == [OURS]
        await jobs.finish(second, FAILURE, _LIFETIME)
        assert not await jobs.list_waiting()
        assert (await jobs.get(OURS, job.job_id)).expires_at == clock.now() + _LIFETIME
        assert list(await jobs.get_items(job.job_id)) == [
            JobItem("id 0", VoiceId("v"), "audio/mpeg", has_timestamps=True),
            JobItem("id 1", VoiceId("v"), failure=FAILURE),
        ]
        assert await jobs.get_item(job.job_id, 1) == JobItem("id 1", VoiceId("v"), failure=FAILURE)
        assert await jobs.get_result(job.job_id, 0) == SPOKEN
        with pytest.raises(ResourceNotFound):
            await jobs.get_result(job.job_id, 1)
        clock.advance(_LIFETIME_S - 1)
        assert await jobs.delete_expired() == 0
        clock.advance(1)
        with pytest.raises(ResourceNotFound):
            await jobs.get(OURS, job.job_id)
        assert await jobs.delete_expired() == 1
        for position in (0, 1, 2):
            with pytest.raises(ResourceNotFound):
                await jobs.get_item(job.job_id, position)
            with pytest.raises(ResourceNotFound):
                await jobs.get_result(job.job_id, position)
        await jobs.finish(second, SPOKEN, _LIFETIME)  # whoever comes back with it finds no job

    async def test_who_dies_loses_the_claim(self, jobs: JobStore, clock: FixedClock) -> None:
        """After its lifetime, unless it is renewed; one that is given back is free at once and was not tried."""
        await _add_job(jobs, clock, "a" * 32, 1)
        claimed = await jobs.claim(OURS, _LIFETIME)
        assert claimed is not None
        clock.advance(_LIFETIME_S - 1)
        assert await jobs.renew(claimed, _LIFETIME)
        clock.advance(1)
        assert await jobs.claim(OURS, _LIFETIME) is None
        clock.advance(_LIFETIME_S - 1)
        again = await jobs.claim(OURS, _LIFETIME)
        assert again == replace(claimed, num_attempts=2)
        assert not await jobs.renew(claimed, _LIFETIME)
        await jobs.release(again)
        assert await jobs.claim(OURS, _LIFETIME) == again
        await jobs.finish(again, FAILURE, _LIFETIME)
        assert not await jobs.renew(again, _LIFETIME)

    async def test_a_recording_waits_to_be_heard(self, jobs: JobStore, clock: FixedClock) -> None:
        """It is claimed by whoever hears, not by whoever speaks, and is gone when its words are there."""
        job = Job("a" * 32, OURS, False, "key", "request", clock.now(), is_heard=True)
        await jobs.add(job, [NewItem("", VoiceId(""), "message", b"what was said")], 9)
        assert await jobs.get(OURS, job.job_id) == job
        assert not await jobs.list_waiting()
        assert list(await jobs.list_waiting(is_heard=True)) == [OURS]
        assert await jobs.claim(OURS, _LIFETIME) is None
        claimed = await jobs.claim(OURS, _LIFETIME, is_heard=True)
        assert claimed is not None
        assert await jobs.get_recording(claimed) == b"what was said"
        with pytest.raises(ResourceNotFound):
            await jobs.get_result(job.job_id, 0)
        words = SpokenItem(b"words", "application/json")
        await jobs.finish(claimed, words, _LIFETIME)
        assert await jobs.get_result(job.job_id, 0) == words
        with pytest.raises(ServiceUnavailable):
            await jobs.get_recording(claimed)
        failing = Job("b" * 32, OURS, False, "key", "request", clock.now(), is_heard=True)
        await jobs.add(failing, [NewItem("", VoiceId(""), "message", b"noise")], 9)
        claimed = await jobs.claim(OURS, _LIFETIME, is_heard=True)
        assert claimed is not None
        await jobs.finish(claimed, FAILURE, _LIFETIME)
        with pytest.raises(ResourceNotFound):
            await jobs.get_result(failing.job_id, 0)

    async def test_jobs_take_turns(self, jobs: JobStore, clock: FixedClock) -> None:
        """Of several at once each gets another item; a short job does not wait for a long one."""
        await _add_job(jobs, clock, "b" * 32, 3)
        clock.advance(1)
        await _add_job(jobs, clock, "a" * 32, 1)
        first = [await jobs.claim(OURS, _LIFETIME) for _ in range(2)]
        assert [claimed.job.job_id[0] for claimed in first if claimed] == ["b", "a"]
        rest = await asyncio.gather(*(jobs.claim(OURS, _LIFETIME) for _ in range(4)))
        assert sorted(claimed.position for claimed in rest if claimed) == [1, 2]
        await _add_job(jobs, clock, "c" * 32, 1, THEIRS)
        assert set(await jobs.list_waiting()) == {OURS, THEIRS}
        assert await jobs.claim(OURS, _LIFETIME) is None
        theirs = await jobs.claim(THEIRS, _LIFETIME)
        assert theirs is not None
        assert theirs.job.workspace == THEIRS

    async def test_a_job_is_of_one_workspace(self, jobs: JobStore, clock: FixedClock) -> None:
        """Others do not find it; so many unfinished ones are the most, and those of others do not count."""
        job = await _add_job(jobs, clock, "a" * 32, 1)
        with pytest.raises(ResourceNotFound):
            await jobs.get(THEIRS, job.job_id)
        with pytest.raises(Overloaded):
            await _add_job(jobs, clock, "b" * 32, 1, max_unfinished=1)
        await _add_job(jobs, clock, "c" * 32, 1, THEIRS, max_unfinished=1)
        claimed = await jobs.claim(OURS, _LIFETIME)
        assert claimed is not None
        assert claimed.job == job
        await jobs.finish(claimed, SPOKEN, _LIFETIME)
        await _add_job(jobs, clock, "d" * 32, 1, max_unfinished=1)


async def _add_job(
    jobs: JobStore,
    clock: FixedClock,
    job_id: str,
    num_items: int,
    workspace: WorkspaceId = OURS,
    max_unfinished: int = 9,
) -> Job:
    job = Job(job_id, workspace, num_items > 1, "key", "request", clock.now())
    items = [NewItem(f"id {number}", VoiceId("v"), f"message {number}") for number in range(num_items)]
    await jobs.add(job, items, max_unfinished)
    return job


async def _is_gone(voices: VoiceStore, voice_id: VoiceId) -> bool:
    for attempt in (
        voices.get(OURS, voice_id),
        voices.get_with_artifact(OURS, voice_id),
        voices.get_samples(OURS, voice_id),
    ):
        with pytest.raises(VoiceNotFound):
            await attempt
    return True


def _grant(grant: object) -> tuple[object, ...]:
    return tuple(getattr(grant, name) for name in ("workspace", "scopes", "key_id"))
