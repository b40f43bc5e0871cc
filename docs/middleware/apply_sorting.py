"""Asks for a sorting of channels by popularity and gives the channels their numbers by it."""

from datetime import datetime, timezone

import grpc
from connection import channel
from models import Channel
from push_catalog import OPERATOR, timestamp
from settings import TVSTATS
from tvstats.v1 import view_stats_pb2, view_stats_pb2_grpc


def popular(as_of: datetime, days: int = 7) -> view_stats_pb2.ChannelSorting:
    stub = view_stats_pb2_grpc.ViewStatsStub(channel())
    request = view_stats_pb2.CreateChannelSortingByPopularityRequest(
        client_ids=[OPERATOR],
        days_number=days,
        criterion=view_stats_pb2.CRITERION_WATCH_TIME,
        accounts_active=True,
        as_of=timestamp(as_of),
    )
    return stub.CreateChannelSortingByPopularity(request, timeout=TVSTATS["TIMEOUT"]).sortings[0]


def apply(sorting: view_stats_pb2.ChannelSorting, channels: list[Channel]) -> None:
    """In Django: Channel.objects.bulk_update(channels, ["number"]) in one transaction."""
    ranks = {place.channel_id: place.rank for place in sorting.channels}
    for row in channels:
        row.number = ranks.get(row.id, len(ranks) + 1)  # those that came since the sorting was built go last


if __name__ == "__main__":
    lineup = [Channel(1, "News", 1, [2]), Channel(2, "Sport", 2, [7]), Channel(3, "Cartoons HD", 3, [2, 7])]
    try:
        apply(popular(datetime(2026, 3, 2, tzinfo=timezone.utc)), lineup)
    except grpc.RpcError as error:
        raise SystemExit(f"the old order stays: {error.code().name}: {error.details()}")
    for row in sorted(lineup, key=lambda row: row.number):
        print(row.number, row.name)
