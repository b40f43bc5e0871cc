"""The connection to the service: one channel a process, made when it is first needed."""

import functools
import os
from pathlib import Path

import grpc

from .conf import config


@functools.lru_cache(maxsize=None)
def channel() -> grpc.Channel:
    """Returns the channel, which threads may share."""
    configured = config()
    if not configured.TLS_CA:
        return grpc.insecure_channel(configured.SERVER)
    credentials = grpc.ssl_channel_credentials(Path(configured.TLS_CA).read_bytes())
    if configured.TOKEN:
        token = grpc.access_token_call_credentials(configured.TOKEN)
        credentials = grpc.composite_channel_credentials(credentials, token)
    return grpc.secure_channel(configured.SERVER, credentials)


# A channel does not survive a fork: a worker makes its own.
os.register_at_fork(after_in_child=channel.cache_clear)
