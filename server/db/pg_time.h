/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* PostgreSQL counts microseconds from 2000-01-01 UTC, Parley from 1970-01-01 UTC. */
#ifndef PL_DB_PG_TIME_H
#define PL_DB_PG_TIME_H

#include <stdint.h>

#define PL_PG_EPOCH_US INT64_C(946684800000000)

#endif
