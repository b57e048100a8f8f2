-- Who may do what with the files of a bucket. Reverse: drop function storage.may, storage.ruled.

-- The buckets with this rule. Runs as the owner: the rules themselves are nobody's to read.
create function storage.ruled(p_who text, p_what text) returns setof text
language sql stable security definer set search_path = ''
begin atomic
    select r.bucket_id from public.storage_app_bucketrule r where r.who = p_who and r.what = p_what;
end;
revoke all on function storage.ruled(text, text) from public;
grant execute on function storage.ruled(text, text) to anon, authenticated, service_role;

-- Whether whoever acts may do this with a file of this name, which belongs to p_owner; a new one belongs to whoever acts.
-- The policy that rows are read by says the same of READ, phrased so that an index answers.
create function storage.may(p_what text, p_bucket text, p_name text, p_owner uuid) returns boolean
language plpgsql stable set search_path = '' as $$
declare
    folder constant text := (storage.foldername(p_name))[1];
begin
    if current_user = 'service_role' or p_bucket in (select storage.ruled('EVERYONE', p_what)) then
        return true;
    end if;
    if auth.uid() is null and auth.jwt() ->> 'org_id' is null then
        return false;
    end if;
    return p_bucket in (select storage.ruled('SIGNED_IN', p_what))
        or (p_owner = auth.uid() and p_bucket in (select storage.ruled('OWNER', p_what))) is true
        or (folder = auth.uid()::text and p_bucket in (select storage.ruled('OWN_FOLDER', p_what))) is true
        or (folder in (select o::text from auth.organizations() o)
            and p_bucket in (select storage.ruled('ORGANIZATION_FOLDER', p_what))) is true;
end;
$$;
revoke all on function storage.may(text, text, text, uuid) from public;
grant execute on function storage.may(text, text, text, uuid) to anon, authenticated, service_role;
