"""The setting TVSTATS, a dict; each key may be left out."""

from dataclasses import dataclass, fields
from typing import Optional

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True)
class Config:
    SERVER: str = "127.0.0.1:50051"  # host:port
    TLS_CA: str = ""  # PEM file with the authority that signed the server's certificate; "" = no TLS
    TOKEN: str = ""  # of role "backend"; sent over TLS only
    TIMEOUT: float = 60.0  # seconds that a call may take
    CLIENT_ID: Optional[int] = None  # the operator, where a registered model does not have it itself
    PUSH_ON_SAVE: bool = True  # False leaves everything to tvstats_push
    PUSH_QUEUE: int = 10_000  # entities that may wait to be pushed; more are left to the nightly push


def config() -> Config:
    """Reads the setting, and refuses keys that mean nothing."""
    given = getattr(settings, "TVSTATS", {})
    unknown = set(given) - {field.name for field in fields(Config)}
    if unknown:
        known = ", ".join(field.name for field in fields(Config))
        raise ImproperlyConfigured(f"TVSTATS has unknown keys {sorted(unknown)}; known are {known}")
    made = Config(**given)
    if made.TOKEN and not made.TLS_CA:
        raise ImproperlyConfigured("TVSTATS has TOKEN without TLS_CA; a token is sent over TLS only")
    return made
