"""Builds a selection of the operator's most popular programmes."""

from tvstats.v1 import view_stats_pb2, view_stats_pb2_grpc

from django_tvstats import commands


class Command(commands.Command):
    help = __doc__
    stub = view_stats_pb2_grpc.ViewStatsStub
    method = "CreateEpgSelectionByPopularity"
    request = view_stats_pb2.CreateEpgSelectionByPopularityRequest
    required = ("client_id", "days_number")
