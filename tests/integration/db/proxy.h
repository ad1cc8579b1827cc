/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Stands between a pl_db and the test server's socket, and can cut the next append or flush of marks at its
 * commit.
 */
#ifndef TESTS_INTEGRATION_DB_PROXY_H
#define TESTS_INTEGRATION_DB_PROXY_H

#include "support/database.h"

enum proxy_cut {
    PROXY_CUT_NEVER,
    PROXY_CUT_REPLY,   /* the server commits; its reply is lost */
    PROXY_CUT_COMMIT,  /* the commit is lost; the server sees the connection end */
    PROXY_CUT_SURVIVOR /* the client is cut off, the server's side lives on and commits at proxy_release */
};

struct proxy;

struct proxy *proxy_start(const struct database *database);
/* Cuts every connection. */
void proxy_stop(struct proxy *proxy);
/* Of the database, through the proxy. */
const char *proxy_conninfo(const struct proxy *proxy);
/* The next such transaction is cut so, once. */
void proxy_arm(struct proxy *proxy, enum proxy_cut how);
void proxy_release(struct proxy *proxy);

#endif
