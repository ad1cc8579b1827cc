/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Times as RFC 3339 writes them, of the years 0001 to 9999, as google.protobuf.Timestamp has them: seconds since 1970
 * UTC and nanoseconds after that second. Any thread.
 */
#ifndef PL_GATEWAY_JSON_TIMESTAMP_H
#define PL_GATEWAY_JSON_TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>

#define PL_TIMESTAMP_CHARS 30 /* of "2026-01-02T03:04:05.123456789Z", the longest */

/*
 * Writes the time in UTC, with none, 3, 6 or 9 digits of a fraction: as few as say it. Answers the number of
 * characters, no NUL behind them; 0 for a time that RFC 3339 cannot say.
 */
unsigned pl_timestamp_format(int64_t seconds, int32_t nanos, char ret_text[PL_TIMESTAMP_CHARS]);

/*
 * False when the text is not a date-time of RFC 3339 section 5.6, with at most nine digits of a fraction. T and Z may
 * be lower-case. No leap seconds: Timestamp has none.
 */
bool pl_timestamp_parse(const char *text, int64_t *ret_seconds, int32_t *ret_nanos);

#endif
