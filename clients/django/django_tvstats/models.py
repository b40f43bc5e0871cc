"""Models without tables: they give the admin its pages and permissions. What they show stays in tvstats."""

from django.db import models


class Sorting(models.Model):  # type: ignore[misc] # Django has no types of its own
    class Meta:
        managed = False
        default_permissions = ("view",)
        verbose_name = "channel sorting"


class Selection(models.Model):  # type: ignore[misc] # Django has no types of its own
    class Meta:
        managed = False
        default_permissions = ("view",)


class DailyStats(models.Model):  # type: ignore[misc] # Django has no types of its own
    class Meta:
        managed = False
        default_permissions = ("view",)
        verbose_name = verbose_name_plural = "daily subscriber statistics"
