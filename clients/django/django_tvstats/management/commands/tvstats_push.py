"""Pushes all rows of the registered models. For cron, every night: it repairs whatever a push on saving missed."""

from typing import Any

import grpc
from django.core.management.base import BaseCommand, CommandError

from django_tvstats import catalog, push


class Command(BaseCommand):  # type: ignore[misc] # Django has no types of its own
    help = __doc__

    def handle(self, **_: Any) -> str:
        if not catalog.sources:
            raise CommandError("no model is registered: write a module tvstats_catalog in your application, see the README")
        try:
            applied = push.sync(catalog.requests(catalog.sources))
        except grpc.RpcError as error:
            raise CommandError(f"{error.code().name}: {error.details()}") from error
        return f"pushed {applied} entities of {len(catalog.sources)} models"
