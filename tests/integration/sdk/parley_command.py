# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""The real `parley` command as a test uses it: private settings, lines of JSON, its exit code."""
import base64
import json
import os
import queue
import subprocess
import tempfile
import threading

from fake_parleyd import END, WAIT_S

ALICE = "01900000-0000-7000-8000-00000000000a"
BOB = "01900000-0000-7000-8000-00000000000b"
DEVICE = "01900000-0000-7000-8000-0000000000d1"
APP = "01900000-0000-7000-8000-0000000000a0"


def token(user=ALICE):
    """Looks like a device token; the fake does not check it."""
    claims = {"app": APP, "sub": user, "device": DEVICE, "aud": "parley", "iat": 1, "exp": 4102444800}
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"e30.{body}.c2ln"


def environment(folder, endpoint, **more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    return {**kept, "PARLEY_CONFIG_HOME": folder, "PARLEY_GRPC": endpoint, "PARLEY_TOKEN": token(), **more}


def run(endpoint, *arguments, folder=None, stdin="", **more):
    """Runs to its end; (exit code, standard output, standard error)."""
    with tempfile.TemporaryDirectory() as private:
        done = subprocess.run([os.environ["PARLEY_COMMAND"], *arguments], input=stdin, capture_output=True, text=True,
                              timeout=WAIT_S * 2, env=environment(folder or private, endpoint, **more))
    return done.returncode, done.stdout, done.stderr


class Running:
    """A command that goes on: what it writes comes as parsed JSON, line by line."""

    def __init__(self, endpoint, *arguments):
        self.folder = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen(
            [os.environ["PARLEY_COMMAND"], "--json", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, bufsize=1, env=environment(self.folder.name, endpoint))
        self.lines = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))
        self.lines.put(END)

    def type(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def next(self, wanted=lambda line: True):
        while True:
            line = self.lines.get(timeout=WAIT_S)
            assert line is not END, "the command ended: " + self.process.stderr.read()
            if wanted(line):
                return line

    def event(self, name, **fields):
        return self.next(lambda line: line.get("event") == name and
                         all(line.get(key) == value for key, value in fields.items()))

    def finish(self):
        """Closes its input and waits; its exit code and what was left unread."""
        self.process.stdin.close()
        code = self.process.wait(timeout=WAIT_S)
        rest = list(iter(lambda: self.lines.get(timeout=WAIT_S), END))
        self._close()
        return code, rest

    def interrupt(self, number):
        self.process.send_signal(number)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._close()

    def _close(self):
        self.reader.join()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()
        self.folder.cleanup()
