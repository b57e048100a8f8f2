-- Whose rows an organisation's are. Reverse: drop function auth.organizations(text[]).

-- The organisations for which whoever acts may speak: as a member (of these roles, where they are named), or by the
-- organisation's own key. Runs as the owner, since a policy on memberships could not read memberships itself. Policies
-- ask `= any (array (select auth.organizations()))`: once for a statement, and an index answers.
create function auth.organizations(p_roles text[] default null) returns setof uuid
language sql stable security definer set search_path = ''
begin atomic
    select m.organization_id from public.accounts_membership m
    where m.user_id = auth.uid() and (p_roles is null or m.role = any (p_roles))
    union all
    select (auth.jwt() ->> 'org_id')::uuid where p_roles is null and auth.jwt() ->> 'org_id' is not null;
end;
revoke all on function auth.organizations(text[]) from public;
grant execute on function auth.organizations(text[]) to authenticated, service_role;
