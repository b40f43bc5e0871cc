"""Computes the records of ended days ahead of time."""

from tvstats.v1 import subscriber_dynamics_pb2, subscriber_dynamics_pb2_grpc

from django_tvstats import commands


class Command(commands.Command):
    help = __doc__
    stub = subscriber_dynamics_pb2_grpc.SubscriberDynamicsStub
    method = "CollectDailyStats"
    request = subscriber_dynamics_pb2.CollectDailyStatsRequest
    required = ()
