"""How the models become tvstats's catalog. django_tvstats finds this module by its name."""

from django_tvstats.catalog import register
from tvstats.v1 import catalog_pb2

from .models import Account, Category, Channel


@register(Category)
def category(row: Category) -> catalog_pb2.Category:
    return catalog_pb2.Category(category_id=row.pk, name=row.name)


@register(Channel)
def channel(row: Channel) -> catalog_pb2.Channel:
    categories = row.categories.values_list("pk", flat=True) if row.pk else []
    return catalog_pb2.Channel(
        channel_id=row.pk, name=row.name, number=row.number, categories=categories, enabled=row.enabled
    )


@register(Account)
def account(row: Account) -> catalog_pb2.Account:
    made = catalog_pb2.Account(account_id=row.pk, active=row.active)
    made.registered_at.FromDatetime(row.registered)
    made.changed_at.FromDatetime(row.modified)
    return made
