/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The headers Content-Type and Accept, as far as a service that speaks JSON has to understand them (RFC 9110). */
#ifndef PL_GATEWAY_MEDIA_TYPE_H
#define PL_GATEWAY_MEDIA_TYPE_H

#include <stdbool.h>

/* application/json, without parameters or with charset=utf-8. NULL is not. */
bool pl_media_type_is_json(const char *content_type);
/*
 * Whether Accept allows an answer in JSON: the range that names JSON most exactly (the type, all of application, any)
 * has a weight above 0. NULL allows everything.
 */
bool pl_media_type_accepts_json(const char *accept);

#endif
