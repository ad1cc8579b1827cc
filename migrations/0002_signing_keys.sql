-- SPDX-License-Identifier: Apache-2.0
-- Copyright (c) the Parley authors.
--
-- Signing keys that apps bring: a secret (HS256), or the public half of a pair whose other half only the app has. The
-- algorithm belongs to the key for ever.

alter table signing_keys
    drop constraint signing_keys_algorithm_check,
    alter column secret drop not null,
    add column public_key bytea, -- DER of the SubjectPublicKeyInfo
    add column name text not null default '',
    add column registered boolean not null default false, -- by the app; otherwise Parley's own, for CreateToken
    add constraint signing_keys_algorithm check (algorithm in ('HS256', 'ES256', 'RS256', 'EdDSA')),
    add constraint signing_keys_material
        check ((secret is not null) = (algorithm = 'HS256') and (public_key is null) = (algorithm = 'HS256'));
