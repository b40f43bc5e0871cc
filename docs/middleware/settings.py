"""The block to add to the middleware's Django settings. Django reads it as django.conf.settings.TVSTATS."""

import os
from typing import TypedDict


class Tvstats(TypedDict):
    SERVER: str  # host:port
    TLS_CA: str  # PEM file with the authority that signed the server's certificate; empty: no TLS
    TOKEN: str  # of role "backend"; sent over TLS only
    TIMEOUT: float  # seconds that a call may take


TVSTATS: Tvstats = {
    "SERVER": os.environ.get("TVSTATS_SERVER", "127.0.0.1:50051"),
    "TLS_CA": os.environ.get("TVSTATS_TLS_CA", ""),
    "TOKEN": os.environ.get("TVSTATS_TOKEN", ""),
    "TIMEOUT": 60,
}
