/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "db/sqlstate.h"

#include <stddef.h>
#include <string.h>

struct rule {
    const char *prefix; /* of the SQLSTATE; the first that fits decides */
    enum pl_failure failure;
};

static const struct rule rules[] = {
    {"22", PL_FAILURE_ROW},      {"23", PL_FAILURE_ROW},   {"08", PL_FAILURE_LOST},
    {"57P", PL_FAILURE_LOST},   /* the server stops, or stopped this session */
    {"25006", PL_FAILURE_LOST}, /* read-only: the primary is another host now */
    {"26000", PL_FAILURE_LOST}, /* prepared statement is gone */
    {"0A000", PL_FAILURE_LOST}, /* its plan no longer fits the table */
    {"40", PL_FAILURE_AGAIN},    {"53", PL_FAILURE_AGAIN}, {"55P03", PL_FAILURE_AGAIN}, /* lock_timeout */
    {"57014", PL_FAILURE_AGAIN},                                                        /* statement_timeout */
};

enum pl_failure pl_sqlstate_failure(const char *sqlstate)
{
    if (sqlstate == NULL)
        return PL_FAILURE_LOST;
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (strncmp(sqlstate, rules[i].prefix, strlen(rules[i].prefix)) == 0)
            return rules[i].failure;
    return PL_FAILURE_BUG;
}

enum pl_status pl_sqlstate_status(const char *sqlstate, int is_write)
{
    if (sqlstate != NULL && strcmp(sqlstate, "23505") == 0)
        return PL_ALREADY_EXISTS;
    switch (pl_sqlstate_failure(sqlstate)) {
    case PL_FAILURE_NONE:
        return PL_OK;
    case PL_FAILURE_ROW:
        return PL_INVALID_ARGUMENT;
    case PL_FAILURE_AGAIN:
        return PL_DATABASE_UNAVAILABLE;
    case PL_FAILURE_UNKNOWN:
    case PL_FAILURE_LOST:
        return is_write ? PL_OUTCOME_UNKNOWN : PL_DATABASE_UNAVAILABLE;
    case PL_FAILURE_BUG:
        return PL_INTERNAL;
    }
    return PL_INTERNAL;
}

bool pl_sqlstate_is_lock_timeout(const char *sqlstate)
{
    return sqlstate != NULL && strcmp(sqlstate, "55P03") == 0;
}
