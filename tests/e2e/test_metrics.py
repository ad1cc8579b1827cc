# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""What the programs tell a Prometheus: strictly the format, values that move with what happens, nothing undescribed."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request

import grpc
import pytest
import yaml
from api_client import GrpcServer
from device import Device
from parley_pb import message_service_pb2, stream_service_pb2
from prometheus_text import admin_of, await_metrics, metrics_of, text_of
from refusals import Refusal
from uuid7 import uuid7

WAIT_S = 120
OPERATIONS = pathlib.Path(__file__).parents[2] / "docs" / "operations"
RECORDED = re.compile(r"\bjob:[\w:]+")
DOCUMENT_ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| (.*?) ?\|", re.M)


@pytest.fixture(scope="module")
def server(tmp_path_factory, postgres):
    """A running parleyd that asks its database often how it is."""
    server = GrpcServer(tmp_path_factory.mktemp("parleyd"), postgres)
    server.environment |= {"PARLEY_DATABASE_SAMPLE_MS": "100", "PARLEY_DATABASE_FOLDER": str(postgres.folder)}
    server.migrate()
    server.start()
    yield server
    server.stop()


def get(gateway, path, token):
    """The status of a GET."""
    request = urllib.request.Request(gateway.url + path, headers={"authorization": f"Bearer {token}"})
    with contextlib.suppress(urllib.error.HTTPError), urllib.request.urlopen(request, timeout=WAIT_S) as answer:
        return answer.status


# ---- parleyd ----

def metrics_of_finished_calls(server):
    """Each call that was answered is in all of them: it is counted behind its answer, and while a scrape is written."""
    await_metrics(server, lambda metrics: metrics.value("parley_calls") == 0)
    return metrics_of(server)


def test_calls_are_counted_by_reason(server, world):
    """A call and a refusal, each once, with durations and bytes."""
    before = metrics_of_finished_calls(server)
    world.alice.api.ListChats()
    with pytest.raises(Refusal):
        world.alice.api.GetChat(chat_id=uuid7())
    after = metrics_of_finished_calls(server)
    assert after.count("parley_call_seconds") == before.count("parley_call_seconds") + 2
    for reason, code in (("OK", "0"), ("NOT_A_MEMBER", "7")):
        assert after.value("parley_calls_total", reason=reason, code=code) == \
            before.value("parley_calls_total", reason=reason) + 1
    assert after.value("parley_calls_total") == before.value("parley_calls_total") + 2
    assert after.sum("parley_call_seconds") > before.sum("parley_call_seconds")
    assert after.value("parley_received_bytes_total") > before.value("parley_received_bytes_total")
    assert after.count("parley_query_seconds") > before.count("parley_query_seconds")
    assert after.value("parley_build_info") == 1


def test_a_delivery_is_measured_once_for_each_recipient(server, world):
    """The sender's own device has no share in it, nor what a device catches up with."""
    world.alice.api.SendMessage(recipient_id=world.bob.user_id, message_id=uuid7(), content="before bob came")
    bob = Device(server.address, world.bob.token)
    alice = Device(server.address, world.alice.token)
    for device in (alice, bob):
        device.wait_for(lambda device: device.caught_up)
    before = await_metrics(server, lambda metrics: metrics.value("parley_sessions", state="live") == 2)
    alice.send(message_service_pb2.SendMessageRequest(recipient_id=world.bob.user_id, message_id=uuid7(),
                                                      content="hi"))
    for device in (alice, bob):
        device.wait_for(lambda device: sum(map(len, device.entries.values())) == 2)
    after = await_metrics(server, lambda metrics: all(metrics.count(name) > before.count(name) for name in (
        "parley_cursor_flush_seconds", "parley_delivery_seconds")))
    assert after.count("parley_delivery_seconds") == before.count("parley_delivery_seconds") + 1
    assert 0 < after.sum("parley_delivery_seconds") - before.sum("parley_delivery_seconds") < WAIT_S
    assert after.sum("parley_append_batch_entries") == before.sum("parley_append_batch_entries") + 1
    assert after.count("parley_append_commit_seconds") == before.count("parley_append_commit_seconds") + 1
    assert after.value("parley_cursor_flushes_total") > before.value("parley_cursor_flushes_total")
    assert after.value("parley_sent_bytes_total") > before.value("parley_sent_bytes_total")
    alice.close()
    bob.close()
    ended = await_metrics(server, lambda metrics: metrics.value("parley_sessions") == 0 and
                          metrics.value("parley_streams_ended_total") == before.value("parley_streams_ended_total") + 2)
    assert ended.value("parley_streams_ended_total", reason="CANCELLED") == \
        before.value("parley_streams_ended_total", reason="CANCELLED") + 2


def connect(channel, token, frames):
    """A bare stream; its end is an error."""
    call = channel.stream_stream("/parley.v1.StreamService/Connect",
                                 request_serializer=stream_service_pb2.ClientFrame.SerializeToString,
                                 response_deserializer=stream_service_pb2.ServerFrame.FromString)
    return list(call(iter(frames), metadata=(("authorization", f"Bearer {token}"),), timeout=WAIT_S))


def test_ends_of_streams_are_counted_by_reason(server, world):
    """A client that says goodbye, one that breaks the rules, and one with a bad token."""
    hello = stream_service_pb2.ClientFrame(hello=stream_service_pb2.Hello(protocol_version=1))
    send_to_nobody = stream_service_pb2.ClientFrame(hello=hello.hello)
    send_to_nobody.sends.add(request_id=1, message=message_service_pb2.SendMessageRequest(
        chat_id=uuid7(), message_id=uuid7(), content="x"))
    before = metrics_of(server)
    with grpc.insecure_channel(server.address) as channel:
        connect(channel, world.alice.token, [send_to_nobody])
        for token, frames in ((world.alice.token, [stream_service_pb2.ClientFrame()]), ("x.y.z", [hello])):
            with pytest.raises(grpc.RpcError):
                connect(channel, token, frames)
    after = await_metrics(server, lambda metrics: metrics.value("parley_streams_ended_total")
                          == before.value("parley_streams_ended_total") + 3)
    for reason in ("OK", "INVALID_ARGUMENT", "TOKEN_INVALID"):
        assert after.value("parley_streams_ended_total", reason=reason) == \
            before.value("parley_streams_ended_total", reason=reason) + 1
    assert after.value("parley_messages_refused_total", reason="NOT_A_MEMBER") == \
        before.value("parley_messages_refused_total", reason="NOT_A_MEMBER") + 1
    assert after.value("parley_connections_accepted_total") > before.value("parley_connections_accepted_total")
    await_metrics(server, lambda metrics: metrics.value("parley_sessions") == 0)


def test_process_is_described(server):
    """By the names that every program has."""
    metrics = metrics_of(server)
    assert 0 < metrics.value("process_cpu_seconds_total") < 3600
    assert metrics.value("process_resident_memory_bytes") > 1 << 20
    assert 10 < metrics.value("process_open_fds") < metrics.value("process_max_fds")
    assert 0 <= time.time() - metrics.value("process_start_time_seconds") < 3600


def test_the_database_tells_of_itself(server, postgres):
    """Its size and health as PostgreSQL knows them, and the disk that it is on."""
    size = int(postgres.query("select pg_database_size(current_database())")[0])
    metrics = await_metrics(server, lambda metrics: metrics.has("parley_database_size_bytes")
                            and metrics.value("parley_database_connections") >= 8)
    assert 0.5 * size < metrics.value("parley_database_size_bytes") < 2 * size
    assert metrics.value("parley_database_connections") < metrics.value("parley_database_connections_max")
    assert metrics.value("parley_database_blocks_hit_total") > 0
    assert metrics.value("parley_database_transaction_age") > 0
    assert abs(time.time() - metrics.value("parley_database_sampled_timestamp_seconds")) < WAIT_S
    assert 0 < metrics.value("parley_database_disk_free_bytes") <= metrics.value("parley_database_disk_bytes")
    assert metrics.value("parley_database_disk_bytes") == shutil.disk_usage(postgres.folder).total


# ---- the gateway ----

def test_requests_of_the_gateway_are_counted(gateway, world):
    """By class and reason."""
    before = metrics_of(gateway)
    assert get(gateway, "/v1/chats", world.alice.token) == 200
    assert get(gateway, "/v1/nothing", world.alice.token) is None
    assert get(gateway, "/v1/chats", "x.y.z") is None
    after = metrics_of(gateway)
    for http_class, count in (("2xx", 1), ("4xx", 2), ("5xx", 0)):
        assert after.value("parley_gateway_requests_total", **{"class": http_class}) == \
            before.value("parley_gateway_requests_total", **{"class": http_class}) + count
    for reason in ("ROUTE_NOT_FOUND", "TOKEN_INVALID"):
        assert after.value("parley_gateway_problems_total", reason=reason) == \
            before.value("parley_gateway_problems_total", reason=reason) + 1
    assert after.count("parley_gateway_request_seconds") == before.count("parley_gateway_request_seconds") + 3
    assert after.value("parley_gateway_sent_bytes_total") > before.value("parley_gateway_sent_bytes_total")
    assert after.value("parley_gateway_upstream_failures_total") == \
        before.value("parley_gateway_upstream_failures_total")
    assert after.value("parley_gateway_build_info") == 1
    assert after.value("process_open_fds") > 5


# ---- what is written about them ----

def all_families(server, gateway):
    """Of both programs."""
    return metrics_of(server).families | metrics_of(gateway).families


def test_every_metric_is_described(server, gateway):
    """With its type and its labels, and nothing else is."""
    rows = DOCUMENT_ROW.findall((OPERATIONS / "monitoring.md").read_text(encoding="utf-8"))
    described = {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}
    assert len(described) == len(rows)
    assert described == {name: (family.kind, family.label_names())
                         for name, family in all_families(server, gateway).items()}


def assert_known(expression, families):
    """The metrics of an expression exist, and their labels have such values."""
    for name, matchers in re.findall(r"\b((?:parley|process)_\w+)(?:\{([^}]*)\})?", expression):
        family = families.get(name) or families[re.sub("_(bucket|sum|count)$", "", name)]
        assert (family.name != name) == (family.kind == "histogram"), expression
        for label, operator, value in re.findall(r'(\w+)(=~?)"([^"]*)"', matchers):
            has = {text for _, labels in family.samples for key, text in labels if key == label}
            wanted = value.split("|") if operator == "=~" else [value]
            assert label == "job" or set(wanted) <= has, expression


def test_alerts_watch_metrics_that_exist(server, gateway):
    """What promtool cannot know; and each alert is described."""
    text = (OPERATIONS / "alerts.yml").read_text(encoding="utf-8")
    rules = [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]
    recorded = {rule["record"] for rule in rules if "record" in rule}
    for rule in rules:
        assert set(RECORDED.findall(rule["expr"])) <= recorded, rule
        assert_known(RECORDED.sub("", rule["expr"]), all_families(server, gateway))
    described = re.findall(r"^\| (Parley\w+) \|", (OPERATIONS / "monitoring.md").read_text(encoding="utf-8"), re.M)
    assert described == [rule["alert"] for rule in rules if "alert" in rule]


def test_the_dashboard_shows_metrics_that_exist(server, gateway):
    """Each of its panels."""
    dashboard = json.loads((OPERATIONS / "grafana.json").read_text(encoding="utf-8"))
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    assert len(expressions) > 30
    for expression in expressions:
        assert_known(expression, all_families(server, gateway))


def test_promtool_finds_nothing(server, gateway):
    """Of both programs."""
    for program in (server, gateway):
        text = text_of(admin_of(program))
        run = subprocess.run([os.environ["PARLEY_PROMTOOL"], "check", "metrics"], input=text, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=WAIT_S, check=False)
        assert (run.stdout, run.returncode) == ("", 0)


# ---- when things break ----

def test_an_absent_database_shows(server, world, postgres):
    """The circuit opens, calls are refused with a reason, and it closes again."""
    postgres.kill()
    away = await_metrics(server, lambda metrics: metrics.value("parley_database_circuit_open") == 1)
    with pytest.raises(Refusal) as refusal:
        world.alice.api.ListChats()
    assert refusal.value.reason == "DATABASE_UNAVAILABLE"
    await_metrics(server, lambda metrics: metrics.value("parley_calls_total", code="14")
                  > away.value("parley_calls_total", code="14"))
    then = metrics_of(server).value("parley_database_sampled_timestamp_seconds")
    postgres.start()
    server.wait_until_ready()
    await_metrics(server, lambda metrics: metrics.value("parley_database_sampled_timestamp_seconds") > then)
    await_metrics(server, lambda metrics: metrics.value("parley_database_circuit_open") == 0)


def test_an_absent_parleyd_shows_in_the_gateway(gateway, server, world):
    """As failures of the upstream and 5xx."""
    before = metrics_of(gateway)
    server.kill()
    await_metrics(gateway, lambda metrics: get(gateway, "/v1/chats", world.alice.token) is None)
    after = metrics_of(gateway)
    assert after.value("parley_gateway_upstream_failures_total") > \
        before.value("parley_gateway_upstream_failures_total")
    assert after.value("parley_gateway_problems_total", code="14") > \
        before.value("parley_gateway_problems_total", code="14")
    assert after.value("parley_gateway_requests_total", **{"class": "5xx"}) > \
        before.value("parley_gateway_requests_total", **{"class": "5xx"})
    server.start()
    gateway.wait_until_ready()
