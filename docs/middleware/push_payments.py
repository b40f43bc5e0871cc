"""Pushes payments when they are booked, and takes back one that was booked by mistake."""

from datetime import datetime, timezone

from models import Payment
from push_catalog import OPERATOR, sync, timestamp
from tvstats.v1 import catalog_pb2


def payment_saved(row: Payment) -> int:
    """For django.db.models.signals.post_save. A refund is a payment of its own, with a negative amount."""
    payment = catalog_pb2.Payment(
        payment_id=row.id,
        account_id=row.account,
        amount_minor=row.cents,
        currency=row.currency,
        paid_at=timestamp(row.paid),
    )
    return sync([catalog_pb2.SyncRequest(client_id=OPERATOR, payments=[payment])])


def payment_deleted(row: Payment) -> int:
    """For django.db.models.signals.post_delete. The day that it counted on is corrected by the next daily statistics."""
    gone = catalog_pb2.Payment(payment_id=row.id, deleted=True)
    return sync([catalog_pb2.SyncRequest(client_id=OPERATOR, payments=[gone])])


if __name__ == "__main__":
    noon = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
    bookings = [Payment(1, 1, 990, "EUR", noon), Payment(2, 2, 1990, "EUR", noon), Payment(3, 2, -500, "EUR", noon)]
    print("pushed", sum(payment_saved(row) for row in bookings))
    print("taken back", payment_deleted(bookings[1]))
