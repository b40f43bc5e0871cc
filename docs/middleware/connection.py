"""How the middleware reaches the service: one channel a process, made when it is first needed."""

import functools
from pathlib import Path

import grpc

from settings import TVSTATS  # in Django: from django.conf import settings


@functools.lru_cache(maxsize=None)
def channel() -> grpc.Channel:
    """Threads may share it. After a fork make a new one: call it only in the workers, not before they are forked."""
    if not TVSTATS["TLS_CA"]:
        return grpc.insecure_channel(TVSTATS["SERVER"])
    credentials = grpc.ssl_channel_credentials(Path(TVSTATS["TLS_CA"]).read_bytes())
    if TVSTATS["TOKEN"]:
        token = grpc.access_token_call_credentials(TVSTATS["TOKEN"])
        credentials = grpc.composite_channel_credentials(credentials, token)
    return grpc.secure_channel(TVSTATS["SERVER"], credentials)
