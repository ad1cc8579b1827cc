-- SPDX-License-Identifier: Apache-2.0
-- Copyright (c) the Parley authors.
--
-- A request of the bench for wrk: arguments are the verb, the path, the device token and the body ("" for none).
-- Prints what wrk counted as one line of JSON.
function init(args)
    wrk.method = args[1]
    wrk.path = args[2]
    if args[3] ~= "" then wrk.headers["authorization"] = "Bearer " .. args[3] end
    if args[4] ~= "" then
        wrk.body = args[4]
        wrk.headers["content-type"] = "application/json"
    end
    built = wrk.format()
end

function request()
    return built
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '{"requests": %d, "seconds": %.6f, "refused": %d, "broken": %d, "p50_ms": %.3f, "p99_ms": %.3f}\n',
        summary.requests, summary.duration / 1e6, errors.status,
        errors.connect + errors.read + errors.write + errors.timeout,
        latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
