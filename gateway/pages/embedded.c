/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The assembler copies the files in, and counts their bytes. */
#include "gateway/pages/embedded.h"

#define PL_EMBEDDED(name, path, file, content_type)                                                                    \
    extern const char pl_embedded_##name[];                                                                            \
    extern const size_t pl_embedded_##name##_bytes;                                                                    \
    __asm__(".pushsection .rodata\n"                                                                                   \
            ".global pl_embedded_" #name "\n"                                                                          \
            ".hidden pl_embedded_" #name "\n"                                                                          \
            "pl_embedded_" #name ":\n"                                                                                 \
            ".incbin \"" file "\"\n"                                                                                   \
            "pl_embedded_" #name "_end:\n"                                                                             \
            ".balign 8\n"                                                                                              \
            ".global pl_embedded_" #name "_bytes\n"                                                                    \
            ".hidden pl_embedded_" #name "_bytes\n"                                                                    \
            "pl_embedded_" #name "_bytes:\n"                                                                           \
            ".quad pl_embedded_" #name "_end - pl_embedded_" #name "\n"                                                \
            ".popsection\n");
#include "gateway/pages/embedded.def"
#undef PL_EMBEDDED

const struct pl_embedded pl_embedded[] = {
#define PL_EMBEDDED(name, path, file, content_type)                                                                    \
    {path, content_type, pl_embedded_##name, &pl_embedded_##name##_bytes},
#include "gateway/pages/embedded.def"
#undef PL_EMBEDDED
};
const unsigned pl_embedded_count = sizeof(pl_embedded) / sizeof(pl_embedded[0]);
