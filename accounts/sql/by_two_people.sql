-- On a table whose rows only an approved proposal makes: `execute function public.accounts_by_two_people('its.action')`.
-- Migrations, which act as the owner, make rows without. Reverse: drop function.
create function public.accounts_by_two_people() returns trigger
language plpgsql set search_path = '' as $$
begin
    if current_user = 'service_role' and not exists (
        select from public.accounts_approval a
        where a.id = new.approval_id and a.state = 'APPLIED' and a.action = tg_argv[0]
    ) then
        raise exception using errcode = '23514', constraint = 'made_by_two_people',
            message = format('a row of %s is made by an approved proposal only', tg_table_name);
    end if;
    return new;
end
$$;
