# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""`./dev up` as a newcomer runs it, in a PARLEY_HOME and on ports of its own."""
import json
import os
import signal
import socket
import subprocess

import pytest
from ports import free_port
from programs import DEV, PARLEY

VARIABLES = {"PARLEY_GRPC", "PARLEY_REST", "PARLEY_API_KEY", "ALICE_ID", "ALICE_TOKEN", "BOB_ID", "BOB_TOKEN"}
PORTS = ("PARLEY_GRPC_PORT", "PARLEY_REST_PORT", "PARLEY_METRICS_PORT", "PARLEY_REST_METRICS_PORT")


class Home:
    """A PARLEY_HOME."""

    def __init__(self, folder):
        self.folder = folder
        self.ports = {variable: str(free_port()) for variable in PORTS}
        self.environment = {**os.environ, "PARLEY_HOME": str(folder), **self.ports}

    def dev(self, *arguments):
        """Runs ./dev."""
        return subprocess.run([DEV, *arguments], env=self.environment, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=250, check=False)

    def paste(self, commands):
        """What a shell makes of pasted lines."""
        # pylint: disable-next=consider-using-with
        return subprocess.Popen(["bash", "-c", commands], text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)

    def demo(self):
        """The variables of demo.env, as a shell sees them."""
        run = subprocess.run(["env", "-i", "bash", "-c", 'source "$0"; env', self.folder / "demo.env"], check=True,
                             text=True, stdout=subprocess.PIPE)
        return dict(line.split("=", 1) for line in run.stdout.splitlines())


@pytest.fixture
def home(tmp_path):
    """A new PARLEY_HOME whose name has a space; everything is stopped afterwards."""
    home = Home(tmp_path / "the home")
    yield home
    home.dev("down")


def blocks_of(output):
    """The blocks of commands that were printed, without their comments."""
    blocks = [[line.strip() for line in block.splitlines() if line.startswith("  ") and line.strip()[0] != "#"]
              for block in output.split("\n\n")]
    return ["\n".join(block) for block in blocks if block]


def test_the_printed_commands_work_and_data_stays(home):  # pylint: disable=redefined-outer-name
    """Paste, look, run again, stop, start."""
    first = home.dev("up", "--detach")
    assert first.returncode == 0, first.stderr
    demo = home.demo()
    assert VARIABLES <= set(demo)
    assert demo["PARLEY_GRPC"] == f"127.0.0.1:{home.ports['PARLEY_GRPC_PORT']}"
    assert demo["PARLEY_REST"] == f"http://127.0.0.1:{home.ports['PARLEY_REST_PORT']}"
    assert (home.folder / "demo.env").stat().st_mode & 0o777 == 0o600
    bob, alice, generic, curl = blocks_of(first.stdout)
    bob_tail = home.paste(bob.replace(" tail", " tail --count 2"))
    output, _ = home.paste(alice).communicate(timeout=60)
    assert "✓✓ delivered" in output
    output, _ = home.paste(alice.splitlines()[0] + "\n" + generic).communicate(timeout=60)
    assert "parley.v1.MessageService" in output and "sent " in output
    output, _ = bob_tail.communicate(timeout=60)
    assert "Hello Bob" in output and "Hello from Python" in output
    output, _ = home.paste(curl).communicate(timeout=60)
    listed, _, receipts = (json.loads(line) for line in output.splitlines())
    assert [message["content"] for message in listed["messages"] if "content" in message] == ["Hello over REST"]
    assert [receipt["user_id"] for receipt in receipts["receipts"] if receipt["read_at"]] == [demo["BOB_ID"]]

    again = home.dev("up", "--detach")
    assert again.returncode == 0 and "running already" in again.stdout, again.stderr
    assert blocks_of(again.stdout) == [bob, alice, generic, curl]

    assert home.dev("down").returncode == 0
    assert home.dev("down").returncode == 0
    assert home.dev("up", "--detach").returncode == 0
    later = home.demo()
    assert {name: later[name] for name in ("PARLEY_API_KEY", "ALICE_ID", "BOB_ID")} == \
        {name: demo[name] for name in ("PARLEY_API_KEY", "ALICE_ID", "BOB_ID")}
    assert later["BOB_TOKEN"] != demo["BOB_TOKEN"]
    chats = subprocess.run([PARLEY, "chats", "--json"], check=True, text=True, stdout=subprocess.PIPE, timeout=60,
                           env={**os.environ, **later, "PARLEY_TOKEN": later["BOB_TOKEN"]})
    assert len(chats.stdout.splitlines()) == 2


def test_the_death_of_a_program_is_reported(home):  # pylint: disable=redefined-outer-name
    """The other is stopped too."""
    # pylint: disable-next=consider-using-with
    up = subprocess.Popen([DEV, "up"], env=home.environment, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert any("runs until" in line for line in up.stdout)
    pids = {name: int((home.folder / f"{name}.pid").read_text(encoding="ascii").split()[0])
            for name in ("parleyd", "parley-gateway")}
    os.kill(pids["parley-gateway"], signal.SIGKILL)
    _, errors = up.communicate(timeout=60)
    assert up.returncode == 1 and "parley-gateway ended by itself" in errors
    with pytest.raises(ProcessLookupError):
        os.kill(pids["parleyd"], 0)


@pytest.mark.parametrize("variable", PORTS)
def test_a_port_in_use_is_one_sentence(home, variable):  # pylint: disable=redefined-outer-name
    """It names the port and the variable that moves it."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        home.environment[variable] = port
        run = home.dev("up", "--detach")
    assert run.returncode == 1
    (sentence,) = run.stderr.splitlines()
    assert port in sentence and variable in sentence


def test_a_broken_cluster_is_one_sentence(home):  # pylint: disable=redefined-outer-name
    """It names the log, and nothing is left running."""
    data = home.folder / "postgres" / "data"
    data.mkdir(parents=True, mode=0o700)
    (data / "PG_VERSION").write_text("15\n", encoding="ascii")
    run = home.dev("up", "--detach")
    assert run.returncode == 1
    (sentence,) = run.stderr.splitlines()
    assert "PostgreSQL" in sentence and str(home.folder / "postgres" / "log") in sentence


def test_down_without_up(home):  # pylint: disable=redefined-outer-name
    """Nothing runs, nothing is said."""
    run = home.dev("down")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
