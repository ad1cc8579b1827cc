# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""What the end-to-end tests share: one PostgreSQL for each file, one parleyd for each file and transport,
and a fresh app for each test.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support" / "python"))

# pylint: disable=wrong-import-position,redefined-outer-name
import pytest  # noqa: E402

pytest.register_assert_rewrite("api_client", "device", "groups", "json_form", "prometheus_text", "refusals",
                               "rest_client")
from api_client import GrpcServer, World  # noqa: E402
from programs import Gateway, Postgres  # noqa: E402
from rest_client import RestServer  # noqa: E402

TRANSPORTS = {"grpc": GrpcServer, "rest": RestServer}


def pytest_addoption(parser):
    """Only one of the transports."""
    parser.addoption("--transport", choices=TRANSPORTS)


def pytest_configure(config):
    """Marks of our own."""
    config.addinivalue_line("markers", "transports(*names): what the test makes its calls over; gRPC when not marked")


def pytest_generate_tests(metafunc):
    """A test is run over each of its transports."""
    if "transport" in metafunc.fixturenames:
        metafunc.parametrize("transport", transports_of(metafunc.definition), scope="module")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """A file is gone through once for each transport. A parameter may be marked for fewer than its test."""
    files = list(dict.fromkeys(item.path for item in items))
    items.sort(key=lambda item: (files.index(item.path), transport_of(item)))
    only = config.getoption("transport")
    wanted, others = [], []
    for item in items:
        name = transport_of(item)
        (wanted if not name or name in transports_of(item) and only in (None, name) else others).append(item)
    config.hook.pytest_deselected(items=others)
    items[:] = wanted


def transports_of(item):
    """What its closest mark says."""
    mark = item.get_closest_marker("transports")
    return mark.args if mark else ("grpc",)


def transport_of(item):
    """The one that it is run over; none when it starts no server."""
    return item.callspec.params.get("transport", "") if hasattr(item, "callspec") else ""


@pytest.fixture(scope="module")
def postgres(tmp_path_factory):
    """A running private PostgreSQL."""
    postgres = Postgres(tmp_path_factory.mktemp("postgres"))
    postgres.start()
    yield postgres
    postgres.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory, postgres, transport):
    """A running parleyd on it, and what else the transport needs."""
    server = TRANSPORTS[transport](tmp_path_factory.mktemp("parleyd"), postgres)
    server.environment["PARLEY_HEARTBEAT_INTERVAL_MS"] = "600000"  # devices of tests do not beat
    server.migrate()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, server):
    """A running gateway in front of it, with the usual settings."""
    gateway = Gateway(tmp_path_factory.mktemp("gateway"), server.address)
    gateway.start()
    gateway.wait_until_ready()
    yield gateway
    gateway.stop()


@pytest.fixture
def world(server):
    """A fresh app with alice and bob."""
    world = World(server)
    yield world
    world.close()
