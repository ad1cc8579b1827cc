/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The assembler copies the files in; each ends with a NUL. */
#include "db/migrations.h"

#include <stddef.h>

#define PL_MIGRATION(version, name, file)                                                                              \
    extern const char pl_migration_##name[];                                                                           \
    __asm__(".pushsection .rodata\n"                                                                                   \
            ".global pl_migration_" #name "\n"                                                                         \
            ".hidden pl_migration_" #name "\n"                                                                         \
            "pl_migration_" #name ":\n"                                                                                \
            ".incbin \"" PL_MIGRATIONS_DIR "/" file "\"\n"                                                             \
            ".byte 0\n"                                                                                                \
            ".popsection\n");
#include "db/migrations.def"
#undef PL_MIGRATION

const struct pl_migration pl_migrations[] = {
#define PL_MIGRATION(version_, name_, file_) {.version = (version_), .name = #name_, .sql = pl_migration_##name_},
#include "db/migrations.def"
#undef PL_MIGRATION
    {.sql = NULL},
};
