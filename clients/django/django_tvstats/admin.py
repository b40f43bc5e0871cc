"""Read-only pages in the admin: stored sortings and selections, and the records of the last days."""

from datetime import datetime, timedelta, timezone
from typing import Any, Optional

import grpc
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from tvstats.v1 import catalog_pb2, catalog_pb2_grpc, subscriber_dynamics_pb2, subscriber_dynamics_pb2_grpc, view_stats_pb2, view_stats_pb2_grpc

from .client import channel
from .conf import config
from .models import DailyStats, Selection, Sorting

SHOWN = 50  # newest results on a page
DAYS = 30  # records on a page


class ServicePage(admin.ModelAdmin):  # type: ignore[misc] # Django has no types of its own
    """A page about one client, chosen by ?client=, that asks the service."""

    template: str

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return self.page(request, self.listed)

    def changeform_view(
        self, request: HttpRequest, object_id: Optional[str] = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if object_id is None:
            raise Http404
        return self.page(request, lambda client: self.shown(client, object_id))

    def page(self, request: HttpRequest, content: Any) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        context: dict[str, Any] = {**self.admin_site.each_context(request), "opts": self.opts, "title": self.opts.verbose_name_plural}
        try:
            context["clients"] = clients()
            chosen = request.GET.get("client") or config().CLIENT_ID or (context["clients"] or [catalog_pb2.Client()])[0].client_id
            context["client"] = int(chosen)
            if context["client"]:
                context |= content(context["client"])
        except ValueError:
            raise Http404("client is no number") from None
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.NOT_FOUND:
                raise Http404(error.details()) from error
            context["error"] = f"tvstats: {error.details()}"
        return TemplateResponse(request, f"django_tvstats/{self.template}.html", context)

    def listed(self, client: int) -> dict[str, Any]:
        raise NotImplementedError

    def shown(self, client: int, object_id: str) -> dict[str, Any]:
        raise Http404


def clients() -> list[catalog_pb2.Client]:
    stub = catalog_pb2_grpc.CatalogStub(channel())
    return list(stub.ListClients(catalog_pb2.ListClientsRequest(), timeout=config().TIMEOUT).clients)


def channel_names(client: int) -> dict[int, str]:
    stub = catalog_pb2_grpc.CatalogStub(channel())
    names: dict[int, str] = {}
    request = catalog_pb2.ListChannelsRequest(client_id=client)
    while True:
        response = stub.ListChannels(request, timeout=config().TIMEOUT)
        names.update((row.channel_id, row.name) for row in response.channels)
        if not response.next_page_token:
            return names
        request.page_token = response.next_page_token


def view_stats() -> view_stats_pb2_grpc.ViewStatsStub:
    return view_stats_pb2_grpc.ViewStatsStub(channel())


def places(client: int, ranked: Any) -> list[dict[str, Any]]:
    names = channel_names(client)
    return [{"place": place, "channel": names.get(place.channel_id, "")} for place in ranked]


@admin.register(Sorting)
class SortingAdmin(ServicePage):
    template = "sortings"

    def listed(self, client: int) -> dict[str, Any]:
        request = view_stats_pb2.ListChannelSortingsRequest(client_id=client, page_size=SHOWN)
        return {"sortings": view_stats().ListChannelSortings(request, timeout=config().TIMEOUT).sortings}

    def shown(self, client: int, object_id: str) -> dict[str, Any]:
        request = view_stats_pb2.GetChannelSortingRequest(sorting_id=object_id)
        sorting = view_stats().GetChannelSorting(request, timeout=config().TIMEOUT).sorting
        return {"sorting": sorting, "places": places(sorting.client_id, sorting.channels)}


@admin.register(Selection)
class SelectionAdmin(ServicePage):
    template = "selections"

    def listed(self, client: int) -> dict[str, Any]:
        request = view_stats_pb2.ListSelectionsRequest(client_id=client, page_size=SHOWN)
        return {"selections": view_stats().ListSelections(request, timeout=config().TIMEOUT).selections}

    def shown(self, client: int, object_id: str) -> dict[str, Any]:
        request = view_stats_pb2.GetSelectionRequest(selection_id=object_id)
        selection = view_stats().GetSelection(request, timeout=config().TIMEOUT).selection
        return {"selection": selection, "places": places(selection.client_id, selection.channels or selection.programmes)}


@admin.register(DailyStats)
class DailyStatsAdmin(ServicePage):
    template = "daily_stats"

    def listed(self, client: int) -> dict[str, Any]:
        today = datetime.now(timezone.utc).date()
        request = subscriber_dynamics_pb2.ListDailyStatsRequest(
            client_id=client, from_day=str(today - timedelta(days=DAYS)), to_day=str(today - timedelta(days=1))
        )
        stub = subscriber_dynamics_pb2_grpc.SubscriberDynamicsStub(channel())
        return {"days": list(reversed(stub.ListDailyStats(request, timeout=config().TIMEOUT).days))}
