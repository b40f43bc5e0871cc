"""Pushes what was saved, after its transaction, in batches, in a thread of its own: a request never waits for the service.

What could not be pushed is tried again until it can. What does not fit into the queue meanwhile, or was waiting when the process ended, is
left to the nightly `manage.py tvstats_push`, which pushes everything.
"""

import atexit
import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Optional

import grpc
from django.db import transaction
from google.protobuf.message import Message
from tvstats.v1 import catalog_pb2, catalog_pb2_grpc

from .client import channel
from .conf import config

log = logging.getLogger("django_tvstats")

GATHER = 0.2  # seconds for which a batch gathers
BATCH = 1000  # entities in a batch
LONGEST_PAUSE = 60.0  # seconds between two attempts, at most
LAST_CHANCE = 5.0  # seconds that the end of the process waits for what is still to be pushed

Item = tuple[int, Message]  # client_id and entity


def sync(requests: Iterable[catalog_pb2.SyncRequest]) -> int:
    """Pushes requests and returns how many entities are on disk. Entities that are refused are logged: the data is at fault."""
    applied = 0
    stub = catalog_pb2_grpc.CatalogStub(channel())
    for response in stub.Sync(iter(requests), timeout=config().TIMEOUT):
        applied += response.applied
        for refused in response.rejected:
            log.error("tvstats refused %s[%d]: %s", refused.entity, refused.index, refused.message)
    return applied


def after_commit(client_id: int, entity: Callable[[], Message], using: Optional[str]) -> None:
    """Queues the entity once the transaction is committed. entity is called then, so that it sees relations set after saving."""

    def commit() -> None:
        try:
            made = entity()
        except Exception:  # a save that is through must not fail for a statistic
            log.exception("tvstats: a row could not be converted")
            return
        pusher.put((client_id, made))

    transaction.on_commit(commit, using=using)


class Pusher:
    """A queue and the thread that empties it, which begins with the first entity."""

    def __init__(self) -> None:
        self.queue: queue.Queue[Item] = queue.Queue(maxsize=config().PUSH_QUEUE)
        self.lock = threading.Lock()
        self.thread: Optional[threading.Thread] = None

    def put(self, item: Item) -> None:
        try:
            self.queue.put_nowait(item)
        except queue.Full:
            log.warning("tvstats: the queue is full; the nightly push catches up")
            return
        with self.lock:
            if self.thread is None:
                self.thread = threading.Thread(target=self.run, name="tvstats", daemon=True)
                self.thread.start()

    def run(self) -> None:
        while True:
            batch = list(self.gather())
            self.deliver(batch)
            for _ in batch:
                self.queue.task_done()

    def gather(self) -> Iterator[Item]:
        """Yields the next entity, and what else comes within a moment."""
        yield self.queue.get()
        until = time.monotonic() + GATHER
        for _ in range(BATCH - 1):
            try:
                yield self.queue.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                return

    def deliver(self, batch: list[Item]) -> None:
        """Pushes until it succeeds: to push again is harmless."""
        from .catalog import request  # which imports this module

        by_client: dict[int, list[Message]] = {}
        for client_id, entity in batch:
            by_client.setdefault(client_id, []).append(entity)
        pause = 1.0
        while True:
            try:
                sync([request(client_id, entities) for client_id, entities in by_client.items()])
                return
            except grpc.RpcError as error:
                if error.code() in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.PERMISSION_DENIED):
                    log.error("tvstats refused a push: %s", error.details())  # again would be refused again
                    return
                log.warning("tvstats cannot be reached, next attempt in %.0f s: %s", pause, error.details())
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def flush(self, timeout: float) -> bool:
        """Waits until all that was queued is pushed, and returns whether it is."""
        until = time.monotonic() + timeout
        with self.queue.all_tasks_done:
            while self.queue.unfinished_tasks:
                left = until - time.monotonic()
                if left <= 0:
                    return False
                self.queue.all_tasks_done.wait(left)
        return True


class _LazyPusher:
    """Makes the pusher when it is first needed, and anew after a fork, in which threads do not survive."""

    def __init__(self) -> None:
        self.forget()
        os.register_at_fork(after_in_child=self.forget)

    def forget(self) -> None:
        self.lock = threading.Lock()
        self.made: Optional[Pusher] = None

    def put(self, item: Item) -> None:
        with self.lock:
            if self.made is None:
                self.made = Pusher()
                atexit.register(self.flush, LAST_CHANCE)
            made = self.made
        made.put(item)

    def flush(self, timeout: float) -> bool:
        return self.made is None or self.made.flush(timeout)


pusher = _LazyPusher()
