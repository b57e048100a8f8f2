-- That an owner may move more than before is noted, for whoever deals with what waited for it. Reverse: see the migration.

create function wallet.note_raise() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    insert into public.wallet_limitraise (owner_id, raised_at) values (new.user_id, clock_timestamp());
    return null;
end
$$;
revoke all on function wallet.note_raise() from public;
create trigger note_raise after update of tier, status on public.accounts_customer
    for each row when (new.tier > old.tier or new.status = 'ACTIVE' and old.status <> 'ACTIVE')
    execute function wallet.note_raise();
