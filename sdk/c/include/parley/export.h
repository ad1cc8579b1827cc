/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What the shared library shows; everything else in it is hidden. */
#ifndef PARLEY_EXPORT_H
#define PARLEY_EXPORT_H

#define PARLEY_API __attribute__((visibility("default")))

#endif
