-- Who calls by a key. Reverse: drop function auth.api_key(text).

-- The key with this digest, while neither it was revoked nor its organisation closed; when it expires, the caller reads.
-- Runs as the owner, and a stranger may ask: that is who someone is until the key is known. It tells nothing to whoever
-- has no key, since the digest is keyed with a secret of the server. One probe of a unique index, at each request: what
-- is revoked or changed is so for every process from the commit on.
create function auth.api_key(p_digest text)
returns table (id uuid, organization_id uuid, name text, mode text, scopes jsonb, allowed_networks jsonb,
               last_four text, created_at timestamptz, expires_at timestamptz)
language sql stable security definer set search_path = ''
begin atomic
    select k.id, k.organization_id, k.name, k.mode, k.scopes, k.allowed_networks, k.last_four, k.created_at, k.expires_at
    from public.accounts_apikey k join public.accounts_organization o on o.id = k.organization_id
    where k.digest = p_digest and k.revoked_at is null and o.closed_at is null;
end;
revoke all on function auth.api_key(text) from public;
grant execute on function auth.api_key(text) to anon, service_role;
