# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""A third party's client: types made of the gateway's own OpenAPI file, a compiler that checks by them, and fetch."""
import json
import os
import pathlib
import shutil
import subprocess
import urllib.request

import pytest
from programs import DEV

NPM = pathlib.Path(DEV).parent / "build" / "npm" / "node_modules"
SOURCE = pathlib.Path(__file__).with_name("openapi_client.ts")
TYPESCRIPT = {"strict": True, "noUncheckedIndexedAccess": True, "target": "es2022", "lib": ["es2022", "dom"],
              "module": "nodenext", "moduleResolution": "nodenext", "types": [], "skipLibCheck": False}


def run(folder, *command, **environment):
    """What a program prints; it must end well."""
    done = subprocess.run(command, cwd=folder, env={**os.environ, **environment}, text=True, timeout=120,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def client(tmp_path_factory, gateway):  # pylint: disable=redefined-outer-name
    """A folder with the compiled client."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "node_modules").symlink_to(NPM)
    (folder / "package.json").write_text('{"type": "module"}', encoding="ascii")
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": TYPESCRIPT, "include": ["*.ts"]}),
                                          encoding="ascii")
    shutil.copy(SOURCE, folder / "client.ts")
    with urllib.request.urlopen(f"{gateway.url}/openapi.yaml", timeout=30) as answer:
        (folder / "openapi.yaml").write_bytes(answer.read())
    run(folder, NPM / ".bin" / "openapi-typescript", "openapi.yaml", "-o", "api.ts")
    run(folder, NPM / ".bin" / "tsc")
    return folder


def test_it_sends_and_lists_messages(world, gateway, client):  # pylint: disable=redefined-outer-name
    """And gets what the types promise."""
    output = run(client, "node", "client.js", GATEWAY=gateway.url, TOKEN=world.alice.token, BOB=world.bob.user_id)
    seen = json.loads(output)
    message_id = seen.pop("message_id")
    assert seen == {
        "chat_type": "group", "created": 201, "location": f"/v1/messages/{message_id}", "same": True,
        "batch": [True, True], "found": "Hello Bob", "newest": ["b3BhcXVl", "How are you?"],
        "older": ["Hello Bob"], "renamed": "Sunday", "stale": "ETAG_MISMATCH", "stale_status": 412,
        "chats": 1, "refused": "UNKNOWN_FIELD"}
    (chat,) = world.bob.api.ListChats().chats
    contents = [message.content for message in world.bob.api.ListMessages(chat_id=chat.chat_id).messages]
    assert list(filter(None, contents)) == ["How are you?", "Hello Bob"]


def test_a_wrong_use_does_not_compile(client):  # pylint: disable=redefined-outer-name
    """The types say what is required, and which words an enum has."""
    wrong = client / "wrong"
    wrong.mkdir()
    (wrong / "tsconfig.json").write_text(json.dumps({"compilerOptions": {**TYPESCRIPT, "noEmit": True}}),
                                         encoding="ascii")
    (wrong / "wrong.ts").write_text("""
        import createClient from "openapi-fetch";
        import type { paths } from "../api.js";
        const client = createClient<paths>();
        await client.POST("/chats", { body: { chat_type: "party" } });
        await client.POST("/users", { body: {} });
        await client.GET("/nothing");
        """, encoding="ascii")
    done = subprocess.run([NPM / ".bin" / "tsc", "-p", wrong], text=True, timeout=120, stdout=subprocess.PIPE,
                          check=False)
    assert done.returncode != 0
    assert [line for line in (4, 5, 6) if f"wrong.ts({line + 1}," not in done.stdout] == [], done.stdout


@pytest.mark.parametrize("path, words", [
    ("/docs", "swagger-ui-bundle.js"), ("/problems", "/problems/CHAT_FULL"), ("/problems/CHAT_FULL", "What to do"),
    ("/limits", '"content_bytes_max":65536')])
def test_pages_to_read_are_served(gateway, path, words):  # pylint: disable=redefined-outer-name
    """Beside the API, without credentials."""
    with urllib.request.urlopen(gateway.url + path, timeout=30) as answer:
        assert words in answer.read().decode()
        assert "default-src 'none'" in answer.headers["content-security-policy"]
