// SPDX-License-Identifier: Apache-2.0
// Copyright (c) the Parley authors.
//
// A WebSocket of the npm package ws, driven by lines of JSON: what comes is written to stdout, what is read from stdin
// is done. Arguments: the folder of node_modules, the address, the subprotocol, the headers as JSON.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const [modules, address, protocol, headers] = process.argv.slice(2);
const WebSocket = createRequire(`${modules}/`)("ws");
const say = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);

const socket = new WebSocket(address, protocol, { headers: JSON.parse(headers) });
socket.on("open", () => say({ open: socket.protocol }));
socket.on("message", (data, isBinary) => say({ message: data.toString("base64"), isBinary }));
socket.on("pong", (data) => say({ pong: data.toString() }));
socket.on("unexpected-response", (_, response) => say({ refused: response.statusCode }));
socket.on("error", (error) => say({ error: error.message }));
socket.on("close", (code, reason) => {
    say({ closed: code, reason: reason.toString() });
    process.exit(0);
});

for await (const line of createInterface({ input: process.stdin })) {
    const { text, binary, ping, close } = JSON.parse(line);
    if (text !== undefined) socket.send(text);
    if (binary !== undefined) socket.send(Buffer.from(binary, "base64"));
    if (ping !== undefined) socket.ping(ping);
    if (close !== undefined) socket.close(close);
}
socket.terminate();
