/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* A setting is one row of a table here; all are numbers of 32 bits. */
#include "chats/settings.h"

#include <stddef.h>
#include <string.h>

#include "base/limits.h"
#include "rpc/fields.h"

const char *const pl_setting_paths[PL_SETTING_COUNT] = {
    "settings.join_policy",  "settings.history_for_new", "settings.who_may_send", "settings.who_may_add",
    "settings.who_may_edit", "settings.read_receipts",   "settings.message_ttl",
};

/* In the order of pl_setting_paths. */
static const struct {
    size_t offset;
    int32_t min;
    int32_t max;
    int32_t unset; /* what 0 stands for */
    const char *fault;
} rules[PL_SETTING_COUNT] = {
    {offsetof(Parley__V1__ChatSettings, join_policy), 1, PARLEY__V1__JOIN_POLICY__JOIN_POLICY_API_KEY,
     PARLEY__V1__JOIN_POLICY__JOIN_POLICY_INVITE, "settings.join_policy must be invite, open or api_key"},
    {offsetof(Parley__V1__ChatSettings, history_for_new), 1, PARLEY__V1__HISTORY_FOR_NEW__HISTORY_FOR_NEW_ALL,
     PARLEY__V1__HISTORY_FOR_NEW__HISTORY_FOR_NEW_NONE, "settings.history_for_new must be none or all"},
    {offsetof(Parley__V1__ChatSettings, who_may_send), 1, PARLEY__V1__ROLE__ROLE_MEMBER, PARLEY__V1__ROLE__ROLE_MEMBER,
     "settings.who_may_send must be owner, admin or member"},
    {offsetof(Parley__V1__ChatSettings, who_may_add), 1, PARLEY__V1__ROLE__ROLE_MEMBER, PARLEY__V1__ROLE__ROLE_ADMIN,
     "settings.who_may_add must be owner, admin or member"},
    {offsetof(Parley__V1__ChatSettings, who_may_edit), 1, PARLEY__V1__ROLE__ROLE_MEMBER, PARLEY__V1__ROLE__ROLE_ADMIN,
     "settings.who_may_edit must be owner, admin or member"},
    {offsetof(Parley__V1__ChatSettings, read_receipts), 1, PARLEY__V1__READ_RECEIPTS__READ_RECEIPTS_OFF,
     PARLEY__V1__READ_RECEIPTS__READ_RECEIPTS_ON, "settings.read_receipts must be on or off"},
    {offsetof(Parley__V1__ChatSettings, message_ttl), PL_MESSAGE_TTL_S_MIN, PL_MESSAGE_TTL_S_MAX, 0,
     "settings.message_ttl must be 0 or 5 to 31536000 seconds"},
};

static int32_t get(const Parley__V1__ChatSettings *settings, unsigned i)
{
    int32_t value;
    memcpy(&value, (const char *)settings + rules[i].offset, sizeof(value));
    return value;
}

static void set(Parley__V1__ChatSettings *settings, unsigned i, int32_t value)
{
    memcpy((char *)settings + rules[i].offset, &value, sizeof(value));
}

const char *pl_settings_fault(const Parley__V1__ChatSettings *settings)
{
    for (unsigned i = 0; i < PL_SETTING_COUNT; i++)
        if (get(settings, i) != 0 && (get(settings, i) < rules[i].min || get(settings, i) > rules[i].max))
            return rules[i].fault;
    return NULL;
}

Parley__V1__ChatSettings *pl_settings_read(const void *packed, size_t bytes, struct pl_arena *arena)
{
    Parley__V1__ChatSettings *settings =
        (Parley__V1__ChatSettings *)pl_field_unpack(&parley__v1__chat_settings__descriptor, packed, bytes, arena);
    for (unsigned i = 0; i < PL_SETTING_COUNT; i++)
        if (get(settings, i) == 0)
            set(settings, i, rules[i].unset);
    return settings;
}

void pl_settings_take(Parley__V1__ChatSettings *settings, unsigned i, const Parley__V1__ChatSettings *wanted)
{
    int32_t value = wanted != NULL ? get(wanted, i) : 0;
    set(settings, i, value != 0 ? value : rules[i].unset);
}

void pl_settings_put(struct pl_params *params, const Parley__V1__ChatSettings *settings, struct pl_arena *arena)
{
    static const Parley__V1__ChatSettings none = PARLEY__V1__CHAT_SETTINGS__INIT;
    const Parley__V1__ChatSettings *from = settings != NULL ? settings : &none;
    size_t bytes = 0;
    const void *packed = settings != NULL ? pl_field_pack(&settings->base, arena, &bytes) : NULL;
    pl_params_bytes(params, packed, bytes);
    pl_params_int16(params, (int16_t)(from->who_may_send != 0 ? from->who_may_send : PARLEY__V1__ROLE__ROLE_MEMBER));
    pl_params_bool(params, from->read_receipts != PARLEY__V1__READ_RECEIPTS__READ_RECEIPTS_OFF);
    pl_params_int32(params, from->message_ttl);
}
