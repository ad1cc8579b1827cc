// SPDX-License-Identifier: Apache-2.0
// Copyright (c) the Parley authors.
// A client that knows nothing of Parley but its OpenAPI file, of which openapi-typescript makes ./api. What it sees, it
// prints as one JSON object.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

declare const process: { env: Record<string, string> };

const client = createClient<paths>({
    baseUrl: process.env["GATEWAY"] + "/v1",
    headers: { authorization: `Bearer ${process.env["TOKEN"]}` },
});
const bob = process.env["BOB"] ?? "";

function known<T>(answer: { data?: T; error?: unknown }): T {
    if (answer.data === undefined) throw new Error(JSON.stringify(answer.error));
    return answer.data;
}

const chat = known(await client.POST("/chats", {
    body: { chat_type: "group", name: "Weekend", participants: [bob] },
}));
const chat_id = chat.chat_id;
const headers = { "Idempotency-Key": "first-message" };
const sent = await client.POST("/messages", { body: { chat_id, content: "Hello Bob" }, params: { header: headers } });
const again = await client.POST("/messages", { body: { chat_id, content: "Hello Bob" }, params: { header: headers } });
const batch = known(await client.POST("/messages:batch", {
    body: { messages: [{ chat_id, content: "How are you?" }, { chat_id, encrypted_content: "b3BhcXVl" }] },
}));

const message: components["schemas"]["Message"] = known(sent);
const found = known(await client.GET("/messages/{message_id}", {
    params: { path: { message_id: message.message_id } },
}));
const list = known(await client.GET("/messages", { params: { query: { chat_id, limit: 2 } } }));
const older = known(await client.GET("/messages", {
    params: { query: { chat_id, limit: 2, page_token: list.next_page_token } },
}));
const renamed = known(await client.PATCH("/chats/{chat_id}", {
    params: { path: { chat_id }, header: { "If-Match": `"${chat.etag}"` } }, body: { name: "Sunday" },
}));
const stale = await client.PATCH("/chats/{chat_id}", {
    params: { path: { chat_id }, header: { "If-Match": `"${chat.etag}"` } }, body: { name: "Monday" },
});
const chats = known(await client.GET("/chats"));
const refused = await client.POST("/messages", { body: { chat_id, contents: "Hello" } });
const reason: string | undefined = refused.error?.reason;

console.log(JSON.stringify({
    chat_type: chat.chat_type,
    created: sent.response.status,
    location: sent.response.headers.get("location"),
    message_id: message.message_id,
    same: known(again).seq === message.seq && typeof message.seq === "number",
    batch: batch.results.map((result) => result.message?.message_id !== undefined),
    found: found.content,
    newest: list.messages.map((one) => one.content ?? one.encrypted_content),
    older: older.messages.map((one) => one.content ?? one.kind),
    renamed: renamed.name,
    stale: stale.error?.reason,
    stale_status: stale.response.status,
    chats: chats.chats.length,
    refused: reason,
}));
