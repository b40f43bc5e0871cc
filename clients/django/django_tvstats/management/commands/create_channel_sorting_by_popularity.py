"""Builds a sorting of every channel of the operators, best first."""

from tvstats.v1 import view_stats_pb2, view_stats_pb2_grpc

from django_tvstats import commands


class Command(commands.Command):
    help = __doc__
    stub = view_stats_pb2_grpc.ViewStatsStub
    method = "CreateChannelSortingByPopularity"
    request = view_stats_pb2.CreateChannelSortingByPopularityRequest
    required = ("client_ids", "days_number", "criterion")
