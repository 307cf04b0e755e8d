"""The stores in memory keep their ports' promises."""

import pytest
from tests.memory_stores import (
    MemoryDictionaryStore,
    MemoryJobStore,
    MemoryKeyStore,
    MemoryRequestKeys,
    MemoryTallies,
    MemoryVoiceStore,
)
from tests.store_contract import (
    DictionaryStoreContract,
    JobStoreContract,
    KeyStoreContract,
    RequestKeyContract,
    TallyContract,
    VoiceStoreContract,
)

from myna.testing.clock import FixedClock


class TestMemoryVoiceStore(VoiceStoreContract):
    """Voices in a dictionary."""

    @pytest.fixture
    def voices(self, clock: FixedClock) -> MemoryVoiceStore:
        return MemoryVoiceStore(clock)


class TestMemoryKeyStore(KeyStoreContract):
    """Keys in a dictionary."""

    @pytest.fixture
    def keys(self, clock: FixedClock) -> MemoryKeyStore:
        return MemoryKeyStore(clock)


class TestMemoryRequestKeys(RequestKeyContract):
    """Request keys in a dictionary."""

    @pytest.fixture
    def request_keys(self, clock: FixedClock) -> MemoryRequestKeys:
        return MemoryRequestKeys(clock)

    @pytest.fixture
    def voices(self, clock: FixedClock, request_keys: MemoryRequestKeys) -> MemoryVoiceStore:
        return MemoryVoiceStore(clock, request_keys)


class TestMemoryJobStore(JobStoreContract):
    """Jobs in a dictionary."""

    @pytest.fixture
    def jobs(self, clock: FixedClock) -> MemoryJobStore:
        return MemoryJobStore(clock)


class TestMemoryDictionaryStore(DictionaryStoreContract):
    """Pronunciations in a dictionary."""

    @pytest.fixture
    def dictionaries(self) -> MemoryDictionaryStore:
        return MemoryDictionaryStore()


class TestMemoryTallies(TallyContract):
    """Counts in a dictionary."""

    @pytest.fixture
    def tallies(self, clock: FixedClock) -> MemoryTallies:
        return MemoryTallies(clock)
