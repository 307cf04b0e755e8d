"""A thread that owns an engine: model libraries are blocking and rarely thread-safe, and a generator must be closed
where it runs, so one thread loads it, makes every call and closes every iterator."""

import asyncio
import contextlib
import contextvars
import logging
import queue
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from typing import Any, TypeVar

from myna.domain.errors import EngineFailure, MynaError

logger = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class _Call:
    work: Callable[[], Any]
    context: contextvars.Context
    future: "Future[Any]"


class OwnerThread:
    """Runs calls one after the other, whatever they raise. A daemon: one that never ends does not hold up the exit."""

    def __init__(self, name: str, prepare: Callable[[], None] | None = None) -> None:
        """prepare: called first, in the thread; must not raise."""
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._unanswered: set[Future[Any]] = set()
        self._prepare = prepare
        self.num_steps = 0
        """Grows with all that is done here. If it stands still while the thread `is_at_work`, that hangs."""
        self.is_resting = False
        """Set by the work while it waits for whom it is done for."""
        self.leftovers: list[Callable[[], object]] = []
        """What a thread that was given up closes last, if it ever gets on."""
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[], T]) -> "asyncio.Future[T]":
        """Queue a call in the caller's context. Await it shielded: it cannot be undone. Raises: what `work` raises of
        ours; EngineFailure for anything else, which is logged once."""
        future: Future[T] = Future()
        self._unanswered.add(future)
        future.add_done_callback(self._unanswered.discard)
        self._calls.put(_Call(work, contextvars.copy_context(), future))
        return asyncio.wrap_future(future)

    def post(self, work: Callable[[], object]) -> None:
        """Queue a call whose answer nobody reads; what it raises is in the log."""
        # asyncio complains of errors that nobody has seen.
        self.submit(work).add_done_callback(lambda call: call.cancelled() or call.exception())

    @property
    def is_at_work(self) -> bool:
        """It should be making steps."""
        return bool(self._unanswered) and not self.is_resting

    def give_up(self, failure: EngineFailure) -> None:
        """Whoever waits for an answer is given this one. What the thread is at cannot be ended, only left behind."""
        for future in tuple(self._unanswered):
            with contextlib.suppress(InvalidStateError):  # cancelled meanwhile
                future.set_exception(failure)

    def stop(self) -> None:
        """End after what is queued."""
        self._calls.put(None)

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; False if it did not come in time."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        if self._prepare is not None:
            self._prepare()
        while not self._answer_until_stopped():
            pass
        for close in self.leftovers:
            with contextlib.suppress(Exception):
                close()

    def _answer_until_stopped(self) -> bool:
        """False if something was raised between two calls (into the thread, by another): whoever waits is told."""
        try:
            while (call := self._calls.get()) is not None:
                self.num_steps += 1
                _answer(call)
                # Otherwise the last call's audio stays alive for as long as nothing else comes.
                del call
        except BaseException as exc:  # noqa: BLE001  (a thread that ends leaves its callers waiting for ever)
            self.give_up(_log_failure(exc))
            return False
        return True


def _answer(call: _Call) -> None:
    if call.future.done() or not call.future.set_running_or_notify_cancel():
        return
    with contextlib.suppress(InvalidStateError):  # it was given up meanwhile
        try:
            result = call.context.run(call.work)
        except MynaError as exc:
            call.future.set_exception(exc)
        # The owner thread's last resort: engines are plug-ins and may raise anything, even what ends threads; without
        # an answer the caller would wait for ever.
        except BaseException as exc:  # noqa: BLE001
            call.future.set_exception(call.context.run(_log_failure, exc))
        else:
            call.future.set_result(result)


def _log_failure(exc: BaseException) -> EngineFailure:
    error_id = secrets.token_hex(6)
    logger.error("engine failed, error id %s", error_id, exc_info=exc)
    failure = EngineFailure(f"The engine failed. The server's log has the reason under error id {error_id}.")
    failure.__cause__ = exc
    return failure
