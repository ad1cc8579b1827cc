/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What parleyd is made of; made in main and handed to every handler. */
#ifndef PL_SERVER_H
#define PL_SERVER_H

#include "base/config.h"
#include "base/metrics.h"

struct pl_auth;
struct pl_db;
struct pl_hub;
struct pl_rpc;

struct pl_server {
    struct pl_config config;
    struct pl_metrics metrics;
    struct pl_db *db;
    struct pl_auth *auth;
    struct pl_rpc *rpc;
    struct pl_hub *hub;
};

#endif
