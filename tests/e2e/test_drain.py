# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""SIGTERM ends parleyd in order: health first, then the devices are told, then the process."""
import grpc
import pytest
from device import Device, longest
from parley_pb import health_pb2, message_service_pb2
from prometheus_text import await_metrics
from refusals import reason_of
from uuid7 import uuid7

EXIT_S = 120  # what holds it up does so for ever


def watch_health(channel):
    """The server's health as it changes."""
    watch = channel.unary_stream("/grpc.health.v1.Health/Watch",
                                 request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
                                 response_deserializer=health_pb2.HealthCheckResponse.FromString)
    return watch(health_pb2.HealthCheckRequest(), timeout=EXIT_S)


def test_sigterm_drains(server, world):
    """Devices are told to come back, what was being sent is answered or repeated, and the exit is clean."""
    bob = Device(server.address, world.bob.token)
    bob.wait_for(lambda device: device.caught_up)
    alice = Device(server.address, world.alice.token)
    messages = [message_service_pb2.SendMessageRequest(recipient_id=world.bob.user_id, message_id=uuid7(), content="x")
                for _ in range(2000)]
    with grpc.insecure_channel(server.address) as channel:
        health = watch_health(channel)
        assert next(health).status == health_pb2.HealthCheckResponse.SERVING
        alice.send(*messages)
        alice.wait_for(lambda device: len(device.sents) >= 500)
        server.terminate()
        assert next(health).status == health_pb2.HealthCheckResponse.NOT_SERVING
        bob.wait_for(lambda device: device.going_aways and device.end)
        assert server.process.wait(timeout=EXIT_S) == 0, server.log_text()
    assert bob.going_aways[0].reason == "DRAINING"
    assert bob.going_aways[0].reconnect_after_ms > 0
    server.start()
    alice.wait_for(lambda device: len(device.sents) == len(messages))
    bob.wait_for(lambda device: longest(device) == len(messages))
    alice.close()
    bob.close()


@pytest.fixture
def brief_drain(server):
    """A drain of a second, in front of statements for which a connection is patient for longer than this test."""
    settings = {"PARLEY_DRAIN_MS": "1000", "PARLEY_STATEMENT_TIMEOUT_MS": "600000"}
    before = server.environment
    server.stop()
    server.environment = before | settings
    server.start()
    yield
    server.environment = before
    server.stop()
    server.start()


def wait_until_in_work(server):
    """Until a message waits to be stored, and a stream is there besides that of its sender."""
    await_metrics(server, lambda metrics: metrics.value("parley_append_queue") and metrics.value("parley_streams") == 2)


@pytest.mark.usefixtures("brief_drain")
def test_a_database_that_hangs_does_not_delay_the_exit(server, postgres, world):
    """Neither a message that is being stored nor a stream that is being admitted holds it up."""
    bob = Device(server.address, world.bob.token)
    bob.wait_for(lambda device: device.caught_up)
    world.alice.api.SendMessage(recipient_id=world.bob.user_id, content="x")
    bob.wait_for(longest)
    with postgres.hung():
        alice = Device(server.address, world.alice.token)
        bob.send(message_service_pb2.SendMessageRequest(recipient_id=world.alice.user_id, message_id=uuid7(),
                                                        content="y"))
        wait_until_in_work(server)
        server.terminate()
        assert server.process.wait(timeout=EXIT_S) == 0, server.log_text()
    server.start()
    bob.wait_for(lambda device: device.sents)
    alice.close()
    bob.close()


def test_health_follows_the_database(server, postgres):
    """Not serving while it is away; a watcher sees both changes."""
    with grpc.insecure_channel(server.address) as channel:
        health = watch_health(channel)
        assert next(health).status == health_pb2.HealthCheckResponse.SERVING
        postgres.kill()
        assert next(health).status == health_pb2.HealthCheckResponse.NOT_SERVING
        postgres.start()
        assert next(health).status == health_pb2.HealthCheckResponse.SERVING
        health.cancel()
    server.wait_until_ready()


def test_stream_ends_with_a_reason_and_an_idle_server_exits(server, world):
    """The status of the ended stream says the same as going_away."""
    bob, ends = Device(server.address, world.bob.token), []
    bob.wait_for(lambda device: device.caught_up)
    server.terminate()
    bob.wait_for(lambda device: device.end, then=lambda: ends.append(bob.end))  # when it comes back it ends again
    assert (ends[0].code(), reason_of(ends[0])) == (grpc.StatusCode.UNAVAILABLE, "DRAINING")
    assert server.process.wait(timeout=EXIT_S) == 0, server.log_text()
    bob.close()
    server.start()
