"""What the management commands of old have in common: their flags, and how they print what was done."""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import grpc
from django.core.management.base import BaseCommand, CommandError
from google.protobuf import json_format
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from tvstats.v1 import view_stats_pb2

from .client import channel
from .conf import config

CRITERIA = {
    name.removeprefix("CRITERION_").lower(): value for name, value in view_stats_pb2.Criterion.items() if value
}
CRITERIA["watch"] = view_stats_pb2.CRITERION_WATCH_TIME  # names that cron lines of the old module have
CRITERIA["average"] = view_stats_pb2.CRITERION_AVERAGE_WATCH_TIME

MODES = {
    "live": view_stats_pb2.VIEW_MODE_LIVE,
    "catchup": view_stats_pb2.VIEW_MODE_CATCHUP,
    "timeshift": view_stats_pb2.VIEW_MODE_TIMESHIFT,
}


def criterion(text: str) -> "view_stats_pb2.Criterion.ValueType":
    if text not in CRITERIA:
        raise ArgumentTypeError(f"{text!r} does not exist; it is one of {', '.join(CRITERIA)}")
    return CRITERIA[text]


def ids(text: str) -> list[int]:
    """Reads a comma list."""
    try:
        return [int(part) for part in text.replace(",", " ").split()]
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no list of ids, such as 1,2,3") from None


def words(text: str) -> list[str]:
    return text.replace(",", " ").split()


def modes(text: str) -> "list[view_stats_pb2.ViewMode.ValueType]":
    """Reads a comma list."""
    names = words(text)
    for name in names:
        if name not in MODES:
            raise ArgumentTypeError(f"{name!r} does not exist; it is one of {', '.join(MODES)}")
    return [MODES[name] for name in names]


def on_off(text: str) -> bool:
    if text.lower() not in ("true", "false", "1", "0"):
        raise ArgumentTypeError(f"{text!r} is neither true nor false")
    return text.lower() in ("true", "1")


def instant(text: str) -> Timestamp:
    """Reads a day or RFC 3339; without a zone it is UTC."""
    try:
        time = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no time; allowed are 2026-03-02 and 2026-03-02T06:00:00Z") from None
    made = Timestamp()
    made.FromDatetime(time if time.tzinfo else time.replace(tzinfo=timezone.utc))
    return made


# Every flag that a command may have: what reads it, and whether it may be repeated.
FLAGS: dict[str, tuple[Callable[[str], Any], str]] = {
    "client_id": (int, "operator"),
    "client_ids": (ids, "operators, as a comma list or repeated"),
    "days_number": (int, "length of the window in days of 24 hours"),
    "criterion": (criterion, "what to rank by: " + ", ".join(CRITERIA)),
    "devices": (words, "only viewing on these kinds of device"),
    "tariffs": (ids, "only sessions that carry any of these tariffs"),
    "categories": (ids, "only programmes on channels of these categories"),
    "channels": (ids, "only programmes on these channels"),
    "accounts_active": (on_off, "only sessions of accounts that are active now"),
    "min_watch_seconds": (int, "leave out sessions that were watched for less"),
    "modes": (modes, "only sessions of these modes: " + ", ".join(MODES)),
    "reach_seconds": (int, "how long an account must have watched to be reached"),
    "min_accounts": (int, "places with fewer accounts come last and say low base"),
    "dry_run": (on_off, "store nothing, and print what would be stored"),
    "compare_to": (str, "id of an earlier result of the same kind, to say where each place was"),
    "selection_size": (int, "how many items to hold"),
    "selection_name": (str, "name of the selection"),
    "as_of": (instant, "do it as of this time instead of now"),
}


class Command(BaseCommand):  # type: ignore[misc] # Django has no types of its own
    """A command that fills a request from flags of the same names, and calls a method with it."""

    stub: Callable[[grpc.Channel], Any]
    method: str
    request: type[Message]
    required: tuple[str, ...] = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        for field in self.request.DESCRIPTOR.fields_by_name:
            if field not in FLAGS:
                continue
            read, help_text = FLAGS[field]
            # The flag of old is --client_id, be it for one operator or for many.
            options: dict[str, Any] = {"dest": field, "type": read, "help": help_text, "required": field in self.required}
            if read in (ids, words, modes):
                options["action"] = "extend"
            if read is on_off:
                options |= {"nargs": "?", "const": True}
            parser.add_argument("--client_id" if field == "client_ids" else f"--{field}", **options)

    def handle(self, **options: Any) -> str:
        request: Any = self.request()
        for field in self.request.DESCRIPTOR.fields_by_name:
            value = options.get(field)
            if value is None:
                continue
            if isinstance(value, Message):
                getattr(request, field).CopyFrom(value)
            elif isinstance(value, list):
                getattr(request, field).extend(value)
            else:
                setattr(request, field, value)
        try:
            done = getattr(type(self).stub(channel()), self.method)(request, timeout=config().TIMEOUT)
        except grpc.RpcError as error:
            raise CommandError(f"{error.code().name}: {error.details()}") from error
        return json_format.MessageToJson(done, preserving_proto_field_name=True)
