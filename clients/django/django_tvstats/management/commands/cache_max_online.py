"""Computes the greatest number online of each day ahead of time."""

from tvstats.v1 import subscriber_dynamics_pb2, subscriber_dynamics_pb2_grpc

from django_tvstats import commands


class Command(commands.Command):
    help = __doc__
    stub = subscriber_dynamics_pb2_grpc.SubscriberDynamicsStub
    method = "CacheMaxOnline"
    request = subscriber_dynamics_pb2.CacheMaxOnlineRequest
    required = ()
