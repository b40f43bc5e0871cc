"""Stands for the middleware's own models. With Django these are rows, and the lists are querysets."""

from dataclasses import dataclass
from datetime import datetime


@dataclass
class Channel:
    id: int
    name: str
    number: int
    categories: list[int]
    enabled: bool = True


@dataclass
class Account:
    id: int
    active: bool
    tariffs: list[int]
    registered: datetime
    modified: datetime


@dataclass
class Payment:
    id: int
    account: int
    cents: int
    currency: str
    paid: datetime
