"""Which models are the catalog. An application registers its own in a module named tvstats_catalog:

    @register(Channel)
    def channel(row: Channel) -> catalog_pb2.Channel:
        return catalog_pb2.Channel(channel_id=row.pk, name=row.name, number=row.number)
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Optional

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_delete, post_save
from google.protobuf.message import Message
from tvstats.v1 import catalog_pb2

from . import push
from .conf import config

# For each kind of entity the field of SyncRequest that holds it, and the entity's id.
ENTITIES = {
    catalog_pb2.Channel: ("channels", "channel_id"),
    catalog_pb2.Tariff: ("tariffs", "tariff_id"),
    catalog_pb2.Category: ("categories", "category_id"),
    catalog_pb2.Account: ("accounts", "account_id"),
    catalog_pb2.Programme: ("programmes", "programme_id"),
    catalog_pb2.Payment: ("payments", "payment_id"),
}

CHUNK = 5000  # entities in one request; the service takes 10,000


@dataclass(frozen=True)
class Source:
    """A registered model."""

    model: type[Model]
    convert: Callable[[Any], Message]
    client: Optional[Callable[[Any], int]]

    def client_id(self, row: Any) -> int:
        given = self.client(row) if self.client else config().CLIENT_ID
        if given is None:
            raise ImproperlyConfigured("TVSTATS has no CLIENT_ID, and register() no client=")
        return given


sources: list[Source] = []


def register(
    model: type[Model], client: Optional[Callable[[Any], int]] = None
) -> Callable[[Callable[[Any], Message]], Callable[[Any], Message]]:
    """Registers how rows of the model become entities. client returns the operator of a row; without it TVSTATS says it."""

    def decorate(convert: Callable[[Any], Message]) -> Callable[[Any], Message]:
        source = Source(model, convert, client)
        sources.append(source)
        name = f"{model._meta.label}.tvstats"
        post_save.connect(_on_save(source), sender=model, weak=False, dispatch_uid=name + ".save")
        for field in model._meta.local_many_to_many:
            m2m_changed.connect(_on_relation(source), sender=field.remote_field.through, weak=False, dispatch_uid=f"{name}.{field.name}")
        post_delete.connect(_on_delete(source), sender=model, weak=False, dispatch_uid=name + ".delete")
        return convert

    return decorate


def _queue(source: Source, instance: Any, using: Optional[str]) -> None:
    """Queues the row as it is when its transaction is committed."""

    def read() -> Message:
        return source.convert(source.model._base_manager.using(using).get(pk=instance.pk))

    push.after_commit(source.client_id(instance), read, using)


def _on_save(source: Source) -> Callable[..., None]:
    def saved(instance: Any, raw: bool = False, using: Optional[str] = None, **_: Any) -> None:
        if not raw and config().PUSH_ON_SAVE:  # raw: a fixture is loaded, whose relations are not there yet
            _queue(source, instance, using)

    return saved


def _on_relation(source: Source) -> Callable[..., None]:
    def related(instance: Any, action: str, using: Optional[str] = None, **_: Any) -> None:
        # From the other end of the relation any number of rows may have changed; the nightly push finds them.
        if action.startswith("post_") and isinstance(instance, source.model) and config().PUSH_ON_SAVE:
            _queue(source, instance, using)

    return related


def _on_delete(source: Source) -> Callable[..., None]:
    def deleted(instance: Any, using: Optional[str] = None, **_: Any) -> None:
        if config().PUSH_ON_SAVE:
            gone = tombstone(source.convert(instance))
            push.after_commit(source.client_id(instance), lambda: gone, using)

    return deleted


def tombstone(entity: Message) -> Message:
    """Returns the entity as deleted: its id, and of an account also the instant, which is now."""
    gone = type(entity)()
    made: Any = gone
    _, name = ENTITIES[type(entity)]
    setattr(made, name, getattr(entity, name))
    made.deleted = True
    if isinstance(made, catalog_pb2.Account):
        made.changed_at.GetCurrentTime()
    return gone


def requests(chosen: Iterable[Source]) -> Iterator[catalog_pb2.SyncRequest]:
    """Yields everything that the models hold, in requests of one client and kind."""
    for source in chosen:
        waiting: dict[int, list[Message]] = {}
        for row in source.model._default_manager.iterator(chunk_size=CHUNK):
            client = source.client_id(row)
            waiting.setdefault(client, []).append(source.convert(row))
            if len(waiting[client]) == CHUNK:
                yield request(client, waiting.pop(client))
        for client, entities in waiting.items():
            yield request(client, entities)


def request(client_id: int, entities: Iterable[Message]) -> catalog_pb2.SyncRequest:
    """Returns one request with the entities, at most CHUNK of them."""
    made = catalog_pb2.SyncRequest(client_id=client_id)
    for entity in islice(entities, CHUNK):
        field, _ = ENTITIES[type(entity)]
        getattr(made, field).append(entity)
    return made
