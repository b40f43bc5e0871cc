"""The application: what INSTALLED_APPS names."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class TvstatsConfig(AppConfig):  # type: ignore[misc] # Django has no types of its own
    name = "django_tvstats"
    verbose_name = "Television statistics"

    def ready(self) -> None:
        """Lets each application of the project register its models, in a module named tvstats_catalog."""
        autodiscover_modules("tvstats_catalog")
