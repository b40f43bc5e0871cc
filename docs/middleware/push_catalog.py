"""Pushes the catalog: what was saved at once, and everything every night, so that nothing stays missed."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from itertools import islice
from typing import TypeVar

from connection import channel
from google.protobuf.timestamp_pb2 import Timestamp
from models import Account, Channel
from settings import TVSTATS
from tvstats.v1 import catalog_pb2, catalog_pb2_grpc

OPERATOR = 7  # client_id: the operator whose catalog it is
CHUNK = 5000  # entities in one request; the service takes 10,000

T = TypeVar("T")


def sync(requests: Iterable[catalog_pb2.SyncRequest]) -> int:
    """Pushes requests and returns how many entities are on disk. To push again is harmless: do it after any error."""
    applied = 0
    stub = catalog_pb2_grpc.CatalogStub(channel())
    for answer in stub.Sync(iter(requests), timeout=TVSTATS["TIMEOUT"]):
        applied += answer.applied
        for refused in answer.rejected:
            print(f"refused: {refused.entity}[{refused.index}]: {refused.message}")  # a fault in the middleware's data
    return applied


def channel_message(row: Channel) -> catalog_pb2.Channel:
    return catalog_pb2.Channel(
        channel_id=row.id, name=row.name, number=row.number, categories=row.categories, enabled=row.enabled
    )


def account_message(row: Account) -> catalog_pb2.Account:
    return catalog_pb2.Account(
        account_id=row.id,
        active=row.active,
        tariffs=row.tariffs,
        registered_at=timestamp(row.registered),
        changed_at=timestamp(row.modified),
    )


def timestamp(time: datetime) -> Timestamp:
    message = Timestamp()
    message.FromDatetime(time)
    return message


def channel_saved(row: Channel) -> None:
    """For django.db.models.signals.post_save."""
    sync([catalog_pb2.SyncRequest(client_id=OPERATOR, channels=[channel_message(row)])])


def channel_deleted(row: Channel) -> None:
    """For django.db.models.signals.post_delete. Its viewing is kept, but it is in no sorting any more."""
    gone = catalog_pb2.Channel(channel_id=row.id, deleted=True)
    sync([catalog_pb2.SyncRequest(client_id=OPERATOR, channels=[gone])])


def nightly(channels: Iterable[Channel], accounts: Iterable[Account]) -> int:
    """For a management command that cron runs every night, with Channel.objects.all() and Account.objects.iterator()."""
    return sync(catalog_requests(channels, accounts))


def catalog_requests(channels: Iterable[Channel], accounts: Iterable[Account]) -> Iterator[catalog_pb2.SyncRequest]:
    for some in chunks(channels):
        yield catalog_pb2.SyncRequest(client_id=OPERATOR, channels=map(channel_message, some))
    for others in chunks(accounts):
        yield catalog_pb2.SyncRequest(client_id=OPERATOR, accounts=map(account_message, others))


def chunks(rows: Iterable[T]) -> Iterator[list[T]]:
    left = iter(rows)
    while some := list(islice(left, CHUNK)):
        yield some


if __name__ == "__main__":
    march = datetime(2026, 3, 1, tzinfo=timezone.utc)
    everything = [Channel(1, "News", 1, [2]), Channel(2, "Sport", 2, [7]), Channel(3, "Cartoons", 3, [2, 7])]
    subscribers = [Account(number, number != 3, [1], march, march) for number in (1, 2, 3)]
    print("pushed", nightly(everything, subscribers))
    channel_saved(Channel(3, "Cartoons HD", 3, [2, 7]))
    channel_saved(Channel(4, "Test card", 4, []))
    channel_deleted(Channel(4, "Test card", 4, []))
    stub = catalog_pb2_grpc.CatalogStub(channel())
    known = stub.ListChannels(catalog_pb2.ListChannelsRequest(client_id=OPERATOR), timeout=TVSTATS["TIMEOUT"])
    print("known", [row.name for row in known.channels])
