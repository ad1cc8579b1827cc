/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Our own verifier, because the packaged libjwt takes the algorithm from the token and checks no
 * times. A token passes in this order, each step only after the one before: size, three parts,
 * strict base64url and JSON of the header, what the header may say, the signature, and only then the
 * claims. Nothing before the signature does more work than the 8 KiB allow.
 */
#include "auth/jwt.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "auth/base64url.h"
#include "auth/hmac.h"
#include "base/limits.h"

#define PART_BYTES_MAX (PL_TOKEN_BYTES_MAX / 4 * 3)

/* A piece of the token; not NUL-terminated. */
struct part {
    const char *text;
    size_t chars;
};

struct parts {
    struct part header;
    struct part claims;
    struct part signature;
    struct part signed_text; /* header, dot, claims */
};

static enum pl_status split(const char *token, struct parts *ret_parts)
{
    size_t chars = strnlen(token, PL_TOKEN_BYTES_MAX + 1);
    const char *end = token + chars;
    const char *first, *second;

    if (chars > PL_TOKEN_BYTES_MAX || (first = memchr(token, '.', chars)) == NULL ||
        (second = memchr(first + 1, '.', (size_t)(end - first - 1))) == NULL ||
        memchr(second + 1, '.', (size_t)(end - second - 1)) != NULL)
        return PL_TOKEN_INVALID;
    ret_parts->header = (struct part){token, (size_t)(first - token)};
    ret_parts->claims = (struct part){first + 1, (size_t)(second - first - 1)};
    ret_parts->signature = (struct part){second + 1, (size_t)(end - second - 1)};
    ret_parts->signed_text = (struct part){token, (size_t)(second - token)};
    return PL_OK;
}

/* An object without duplicate names, or NULL. To be released with json_decref. */
static json_t *load_object(struct part part)
{
    uint8_t text[PART_BYTES_MAX];
    size_t bytes;
    json_t *json;

    if (pl_base64url_decode(part.text, part.chars, text, sizeof(text), &bytes) != PL_OK)
        return NULL;
    json = json_loadb((const char *)text, bytes, JSON_REJECT_DUPLICATES, NULL);
    if (json != NULL && !json_is_object(json)) {
        json_decref(json);
        return NULL;
    }
    return json;
}

/* The nil UUID means "not set" to the rest of the server, so that it is no id here. */
static enum pl_status get_uuid(const json_t *object, const char *name, struct pl_uuid *ret_uuid)
{
    const char *text = json_string_value(json_object_get(object, name));
    struct pl_uuid uuid;

    if (text == NULL || pl_uuid_parse(text, &uuid) != PL_OK || pl_uuid_is_nil(&uuid))
        return PL_TOKEN_INVALID;
    *ret_uuid = uuid;
    return PL_OK;
}

/* Seconds since 1970: an integer, neither negative nor written as a float or a string. */
static enum pl_status get_time(const json_t *object, const char *name, int64_t *ret_time_s)
{
    const json_t *value = json_object_get(object, name);

    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return PL_TOKEN_INVALID;
    *ret_time_s = json_integer_value(value);
    return PL_OK;
}

static bool text_equals(const json_t *value, const char *text)
{
    return json_is_string(value) && strcmp(json_string_value(value), text) == 0;
}

enum pl_status pl_jwt_read_kid(const char *token, struct pl_key_id *ret_kid)
{
    struct parts parts;
    json_t *header;
    enum pl_status status;

    if (split(token, &parts) != PL_OK)
        return PL_TOKEN_INVALID;
    header = load_object(parts.header);
    status = get_uuid(header, "kid", &ret_kid->uuid);
    json_decref(header);
    return status;
}

/* The key says what the header has to be, never the other way round. */
static enum pl_status check_header(const json_t *header, const struct pl_jwt_key *key)
{
    const json_t *type = json_object_get(header, "typ");
    struct pl_uuid kid;

    if (!text_equals(json_object_get(header, "alg"), pl_jwt_algorithm_name(key->algorithm)) ||
        (type != NULL && !text_equals(type, "JWT")) || json_object_get(header, "crit") != NULL ||
        get_uuid(header, "kid", &kid) != PL_OK || !pl_uuid_equal(&kid, &key->kid.uuid))
        return PL_TOKEN_INVALID;
    return PL_OK;
}

static enum pl_status check_signature(const struct parts *parts, const struct pl_jwt_key *key)
{
    uint8_t signature[PL_JWT_SIGNATURE_BYTES_MAX];
    size_t bytes;

    if (pl_base64url_decode(parts->signature.text, parts->signature.chars, signature, sizeof(signature), &bytes) !=
        PL_OK)
        return PL_TOKEN_INVALID;
    return pl_jwt_key_proves(key, parts->signed_text.text, parts->signed_text.chars, signature, bytes)
               ? PL_OK
               : PL_TOKEN_INVALID;
}

/* A string, or an array of nothing but strings (RFC 7519 section 4.1.3). */
static enum pl_status check_audience(const json_t *audience)
{
    bool found = false;

    if (json_is_string(audience))
        return text_equals(audience, PL_JWT_AUDIENCE) ? PL_OK : PL_TOKEN_INVALID;
    for (size_t i = 0; i < json_array_size(audience); i++) {
        const json_t *value = json_array_get(audience, i);

        if (!json_is_string(value))
            return PL_TOKEN_INVALID;
        found = found || text_equals(value, PL_JWT_AUDIENCE);
    }
    return found ? PL_OK : PL_TOKEN_INVALID;
}

static enum pl_status read_claims(const json_t *json, const struct pl_jwt_key *key, struct pl_jwt_claims *ret_claims)
{
    *ret_claims = (struct pl_jwt_claims){0};
    if (check_audience(json_object_get(json, "aud")) != PL_OK ||
        get_uuid(json, "app", &ret_claims->app_id.uuid) != PL_OK ||
        !pl_uuid_equal(&ret_claims->app_id.uuid, &key->app_id.uuid) ||
        get_uuid(json, "sub", &ret_claims->user_id.uuid) != PL_OK ||
        get_uuid(json, "device", &ret_claims->device_id.uuid) != PL_OK ||
        get_time(json, "iat", &ret_claims->issued_at_s) != PL_OK ||
        get_time(json, "exp", &ret_claims->expires_at_s) != PL_OK)
        return PL_TOKEN_INVALID;
    if (json_object_get(json, "nbf") != NULL)
        return get_time(json, "nbf", &ret_claims->not_before_s);
    return PL_OK;
}

/* Times are not negative (get_time), so that no difference overflows. */
static enum pl_status check_times(const struct pl_jwt_claims *claims, int64_t now_s)
{
    int64_t life_s = claims->expires_at_s - claims->issued_at_s;

    if (life_s <= 0 || life_s > PL_TOKEN_LIFE_S_MAX + PL_JWT_LEEWAY_S ||
        claims->issued_at_s > now_s + PL_JWT_LEEWAY_S || claims->not_before_s > now_s + PL_JWT_LEEWAY_S)
        return PL_TOKEN_INVALID;
    return now_s - PL_JWT_LEEWAY_S < claims->expires_at_s ? PL_OK : PL_TOKEN_EXPIRED;
}

static enum pl_status verify_parts(const struct parts *parts, const struct pl_jwt_key *key, int64_t now_s,
                                   struct pl_jwt_claims *ret_claims)
{
    struct pl_jwt_claims claims;
    json_t *json = load_object(parts->header);
    enum pl_status status = check_header(json, key);

    json_decref(json);
    if (status != PL_OK || (status = check_signature(parts, key)) != PL_OK)
        return status;
    json = load_object(parts->claims);
    status = read_claims(json, key, &claims);
    json_decref(json);
    if (status != PL_OK || (status = check_times(&claims, now_s)) != PL_OK)
        return status;
    *ret_claims = claims;
    return PL_OK;
}

enum pl_status pl_jwt_verify(const char *token, const struct pl_jwt_key *key, int64_t now_s,
                             struct pl_jwt_claims *ret_claims)
{
    struct parts parts;

    if (split(token, &parts) != PL_OK)
        return PL_TOKEN_INVALID;
    return verify_parts(&parts, key, now_s, ret_claims);
}

/* Ids and numbers need no JSON escapes. */
static const char *format_claims(const struct pl_jwt_claims *claims, struct pl_arena *arena)
{
    char app[PL_UUID_TEXT_CHARS + 1], user[PL_UUID_TEXT_CHARS + 1], device[PL_UUID_TEXT_CHARS + 1];
    const char *not_before = "";

    pl_uuid_format(&claims->app_id.uuid, app);
    pl_uuid_format(&claims->user_id.uuid, user);
    pl_uuid_format(&claims->device_id.uuid, device);
    if (claims->not_before_s != 0)
        not_before = pl_arena_printf(arena, ",\"nbf\":%" PRId64, claims->not_before_s);
    return pl_arena_printf(arena,
                           "{\"aud\":\"" PL_JWT_AUDIENCE "\",\"app\":\"%s\",\"sub\":\"%s\",\"device\":\"%s\","
                           "\"iat\":%" PRId64 ",\"exp\":%" PRId64 "%s}",
                           app, user, device, claims->issued_at_s, claims->expires_at_s, not_before);
}

static const char *encode(const void *data, size_t bytes, struct pl_arena *arena)
{
    char *text = pl_arena_alloc(arena, PL_BASE64URL_CHARS(bytes) + 1);

    pl_base64url_encode(data, bytes, text);
    return text;
}

char *pl_jwt_mint(const struct pl_jwt_key *key, const struct pl_jwt_claims *claims, struct pl_arena *arena)
{
    char kid[PL_UUID_TEXT_CHARS + 1];
    uint8_t mac[PL_HMAC_BYTES];
    const char *header, *body, *signed_text;

    pl_assert(key->algorithm == PL_JWT_HS256);
    pl_assert(key->secret_bytes >= PL_JWT_SECRET_BYTES_MIN && key->secret_bytes <= sizeof(key->secret));
    pl_uuid_format(&key->kid.uuid, kid);
    header = pl_arena_printf(arena, "{\"alg\":\"%s\",\"typ\":\"JWT\",\"kid\":\"%s\"}",
                             pl_jwt_algorithm_name(key->algorithm), kid);
    body = format_claims(claims, arena);
    signed_text =
        pl_arena_printf(arena, "%s.%s", encode(header, strlen(header), arena), encode(body, strlen(body), arena));
    pl_hmac_sha256(key->secret, key->secret_bytes, signed_text, strlen(signed_text), mac);
    return pl_arena_printf(arena, "%s.%s", signed_text, encode(mac, sizeof(mac), arena));
}
