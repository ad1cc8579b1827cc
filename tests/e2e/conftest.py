# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""What the end-to-end tests share: one PostgreSQL and one parleyd for each file, and a fresh app for each test."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support" / "python"))

# pylint: disable=wrong-import-position,redefined-outer-name
import pytest  # noqa: E402

pytest.register_assert_rewrite("api_client", "device", "groups", "refusals")
from api_client import GrpcServer, World  # noqa: E402
from programs import Postgres  # noqa: E402


@pytest.fixture(scope="module")
def postgres(tmp_path_factory):
    """A running private PostgreSQL."""
    postgres = Postgres(tmp_path_factory.mktemp("postgres"))
    postgres.start()
    yield postgres
    postgres.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory, postgres):
    """A running parleyd on it."""
    server = GrpcServer(tmp_path_factory.mktemp("parleyd"), postgres)
    server.migrate()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def world(server):
    """A fresh app with alice and bob."""
    world = World(server)
    yield world
    world.close()
