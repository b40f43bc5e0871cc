"""What the screen "Subscriber dynamics" shows: widgets, a table of days, a chart."""

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from connection import channel
from push_catalog import OPERATOR, timestamp
from settings import TVSTATS
from tvstats.v1 import subscriber_dynamics_pb2 as dynamics_pb2
from tvstats.v1 import subscriber_dynamics_pb2_grpc


def screen(now: datetime) -> dict[str, object]:
    """The context of a Django template. The figures are right whether or not anything was computed ahead of time."""
    stub = subscriber_dynamics_pb2_grpc.SubscriberDynamicsStub(channel())
    first, last = now - timedelta(days=30), now - timedelta(days=1)
    widgets = stub.GetStats(
        dynamics_pb2.GetStatsRequest(client_id=OPERATOR, as_of=timestamp(now)), timeout=TVSTATS["TIMEOUT"]
    ).stats
    days = stub.ListDailyStats(
        dynamics_pb2.ListDailyStatsRequest(
            client_id=OPERATOR, from_day=first.date().isoformat(), to_day=last.date().isoformat()
        ),
        timeout=TVSTATS["TIMEOUT"],
    ).days
    series = dynamics_pb2.GetCustomersDynamicRequest(client_id=OPERATOR, granularity=dynamics_pb2.GRANULARITY_DAY)
    getattr(series, "from").FromDatetime(first)  # "from" is a word of Python
    series.to.FromDatetime(now)
    points = stub.GetCustomersDynamic(series, timeout=TVSTATS["TIMEOUT"]).points
    return {
        "widgets": {
            "active": widgets.active_accounts,
            "inactive": widgets.inactive_accounts,
            "online": widgets.online_accounts,
            "most online": widgets.max_online_ever.max_accounts,
        },
        "days": [(day.day, day.closing_active, money(day.payment_sums)) for day in days],
        "chart": [(point.start.ToDatetime().date().isoformat(), point.viewing_accounts) for point in points[-3:]],
    }


def money(sums: Iterable[dynamics_pb2.CurrencySum]) -> str:
    """Whole numbers of the minor unit, which here is a hundredth; they become fractions only where they are shown."""
    return ", ".join(f"{Decimal(s.amount_minor).scaleb(-2)} {s.currency}" for s in sums)


if __name__ == "__main__":
    for part, figures in screen(datetime(2026, 3, 3, 9, tzinfo=timezone.utc)).items():
        print(part, figures)
