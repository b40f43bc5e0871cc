"""Computes the hourly series behind the charts ahead of time."""

from tvstats.v1 import subscriber_dynamics_pb2, subscriber_dynamics_pb2_grpc

from django_tvstats import commands


class Command(commands.Command):
    help = __doc__
    stub = subscriber_dynamics_pb2_grpc.SubscriberDynamicsStub
    method = "CacheCustomersDynamic"
    request = subscriber_dynamics_pb2.CacheCustomersDynamicRequest
    required = ()
