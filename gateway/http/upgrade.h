/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Private to gateway/http: a connection that leaves libmicrohttpd. */
#ifndef PL_GATEWAY_HTTP_UPGRADE_H
#define PL_GATEWAY_HTTP_UPGRADE_H

#include <microhttpd.h>

/* What MHD calls when it has sent the 101; state is the request. */
void pl_http_take_over(void *context, struct MHD_Connection *connection, void *state, const char *extra,
                       size_t extra_bytes, MHD_socket fd, struct MHD_UpgradeResponseHandle *handle);

#endif
