"""Tests with a real Django, a real database and the running service that TVSTATS_SERVER names."""

import itertools
import json
import os
import time
from io import StringIO
from unittest import mock

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import TransactionTestCase, override_settings
from django_tvstats import conf
from django_tvstats.client import channel
from django_tvstats.push import Pusher, pusher, sync
from tv.models import Account, Category, Channel
from tvstats.v1 import catalog_pb2, catalog_pb2_grpc, view_stats_pb2, view_stats_pb2_grpc

OPERATORS = itertools.count(int(time.time()))  # client_ids that no other test or run has


class ServiceTestCase(TransactionTestCase):
    """Each test is an operator of its own."""

    def setUp(self) -> None:
        override = override_settings(TVSTATS={"SERVER": os.environ["TVSTATS_SERVER"], "CLIENT_ID": next(OPERATORS)})
        override.enable()
        self.addCleanup(override.disable)
        sync([catalog_pb2.SyncRequest(client_id=operator(), client=catalog_pb2.Client(name="Test"))])


def changed(**keys: object) -> override_settings:
    return override_settings(TVSTATS={**settings.TVSTATS, **keys})


def operator() -> int:
    return settings.TVSTATS["CLIENT_ID"]  # type: ignore[no-any-return]


def known_channels() -> dict[int, catalog_pb2.Channel]:
    assert pusher.flush(30), "the push does not end"
    stub = catalog_pb2_grpc.CatalogStub(channel())
    response = stub.ListChannels(catalog_pb2.ListChannelsRequest(client_id=operator()), timeout=10)
    return {row.channel_id: row for row in response.channels}


def watch(channel_id: int, account_id: int) -> None:
    event = view_stats_pb2.ViewEvent(
        client_id=operator(), account_id=account_id, device_uid="box", device="mag250", channel_id=channel_id, ended=True
    )
    event.started_at.FromJsonString("2026-03-01T19:00:00Z")
    event.at.FromJsonString("2026-03-01T20:00:00Z")
    stub = view_stats_pb2_grpc.ViewStatsStub(channel())
    [response] = stub.StreamEvents(iter([view_stats_pb2.StreamEventsRequest(events=[event])]), timeout=10)
    assert response.accepted == 1, response


def run(command: str, *flags: str) -> dict[str, object]:
    out = StringIO()
    call_command(command, f"--client_id={operator()}", *flags, stdout=out)
    return json.loads(out.getvalue())  # type: ignore[no-any-return]


class Push(ServiceTestCase):
    def test_saved_rows_arrive_after_commit(self) -> None:
        sport = Category.objects.create(name="Sport")
        with transaction.atomic():
            arena = Channel.objects.create(name="Arena", number=4)
            arena.categories.add(sport)
            self.assertNotIn(arena.pk, known_channels(), "it was pushed before the commit")
        self.assertEqual(list(known_channels()[arena.pk].categories), [sport.pk])
        arena.name = "Arena HD"
        arena.save()
        self.assertEqual(known_channels()[arena.pk].name, "Arena HD")
        arena.categories.clear()
        self.assertEqual(list(known_channels()[arena.pk].categories), [])

    def test_what_is_rolled_back_is_not_pushed(self) -> None:
        with self.assertRaises(ZeroDivisionError), transaction.atomic():
            row = Channel.objects.create(name="Never", number=5)
            _ = 1 / 0
        self.assertNotIn("Never", [known.name for known in known_channels().values()])
        self.assertIsNotNone(row)

    def test_deleted_row_is_deleted_there(self) -> None:
        row = Channel.objects.create(name="Gone", number=6)
        pk = row.pk
        self.assertIn(pk, known_channels())
        row.delete()
        self.assertNotIn(pk, known_channels())

    def test_save_does_not_wait_and_push_is_retried(self) -> None:
        failing = mock.Mock(side_effect=[_unavailable(), _unavailable(), 1])
        with mock.patch("django_tvstats.push.sync", failing), mock.patch("django_tvstats.push.time.sleep"):
            Channel.objects.create(name="Later", number=7)
            self.assertTrue(pusher.flush(30))
        self.assertEqual(failing.call_count, 3)

    def test_full_queue_drops_and_says_so(self) -> None:
        with changed(PUSH_QUEUE=1):
            full = Pusher()
            full.queue.put_nowait((operator(), catalog_pb2.Channel(channel_id=1)))
            with self.assertLogs("django_tvstats", "WARNING"):
                full.put((operator(), catalog_pb2.Channel(channel_id=2)))

    def test_nightly_push_repairs(self) -> None:
        with changed(PUSH_ON_SAVE=False):
            missed = Channel.objects.create(name="Missed", number=8)
            Account.objects.create()
        self.assertNotIn(missed.pk, known_channels())
        out = StringIO()
        call_command("tvstats_push", stdout=out)
        self.assertIn("of 3 models", out.getvalue())
        self.assertEqual(known_channels()[missed.pk].name, "Missed")


class Commands(ServiceTestCase):
    def test_commands_of_old(self) -> None:
        row = Channel.objects.create(name="First", number=1)
        account = Account.objects.create()
        known_channels()
        watch(row.pk, account.pk)
        made = run("create_channel_sorting_by_popularity", "--days_number=7", "--criterion=watch_time", "--as_of=2026-03-02")
        first = made["sortings"][0]["channels"][0]  # type: ignore[index]
        self.assertEqual((first["channel_id"], first["watch_seconds"]), (row.pk, "3600"))
        chosen = run("create_channel_selection_by_popularity", "--days_number=7", "--criterion=median_watch_time")
        self.assertEqual(chosen["selection"]["name"], "7 (17)")  # type: ignore[index]
        for command in ("cache_max_online", "save_stats", "collect_daily_stats", "cache_customers_dynamic"):
            self.assertEqual(run(command)["clients"], 1)

    def test_wrong_input_says_how_to_do_it_right(self) -> None:
        with self.assertRaisesMessage(CommandError, "watch_time"):
            run("create_channel_sorting_by_popularity", "--days_number=7", "--criterion=fame")
        with self.assertRaisesMessage(CommandError, "days_number"):
            run("create_channel_sorting_by_popularity", "--days_number=0", "--criterion=watch")

    def test_unknown_setting_is_refused(self) -> None:
        with override_settings(TVSTATS={"SERVR": "x"}), self.assertRaisesMessage(ImproperlyConfigured, "SERVR"):
            conf.config()


class Admin(ServiceTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.client.force_login(User.objects.create_superuser("editor", "editor@example.com", "secret"))

    def test_pages(self) -> None:
        row = Channel.objects.create(name="<b>Bold</b>", number=1)
        known_channels()
        watch(row.pk, 1)
        made = run("create_channel_sorting_by_popularity", "--days_number=7", "--criterion=watch_time", "--as_of=2026-03-02")
        sorting = made["sortings"][0]["sorting_id"]  # type: ignore[index]
        self.assertContains(self.client.get("/admin/django_tvstats/sorting/"), sorting)
        self.assertContains(self.client.get(f"/admin/django_tvstats/sorting/{sorting}/change/"), "&lt;b&gt;Bold&lt;/b&gt;")
        run("create_epg_selection_by_popularity", "--days_number=7")
        self.assertContains(self.client.get("/admin/django_tvstats/selection/"), "7 (17)")
        self.assertContains(self.client.get("/admin/django_tvstats/dailystats/"), "closing")
        self.assertEqual(self.client.get("/admin/django_tvstats/sorting/add/").status_code, 404)
        self.assertEqual(self.client.get("/admin/django_tvstats/sorting/unknown/change/").status_code, 404)
        self.assertEqual(self.client.get("/admin/django_tvstats/sorting/?client=x").status_code, 404)

    def test_needs_permission(self) -> None:
        self.client.force_login(User.objects.create_user("viewer", is_staff=True))
        self.assertEqual(self.client.get("/admin/django_tvstats/sorting/").status_code, 403)

    def test_service_away(self) -> None:
        channel.cache_clear()
        self.addCleanup(channel.cache_clear)
        with changed(SERVER="127.0.0.1:1"):
            self.assertContains(self.client.get("/admin/django_tvstats/sorting/"), "errornote")


def _unavailable() -> Exception:
    """An error as a call raises it, of a real call to where nothing listens."""
    import grpc

    try:
        catalog_pb2_grpc.CatalogStub(grpc.insecure_channel("127.0.0.1:1")).ListClients(catalog_pb2.ListClientsRequest(), timeout=5)
    except grpc.RpcError as error:
        return error
    raise AssertionError("something listens on port 1")
