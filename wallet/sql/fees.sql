-- What movements cost, as dated schedules that nobody changes. Reverse: the tables are dropped, then these functions.

-- A schedule is dated when it is written, and holds from that day at the earliest: what something cost before is history.
-- Only a migration knows of earlier days. The state's levy on who receives ended with 2025; since then the sender pays duty.
create or replace function wallet.schedule_is_dated() returns trigger
language plpgsql set search_path = '' as $$
begin
    new.made_at := now();
    if new.from_date < wallet.day_of(now())
        and not pg_has_role(current_user, (select c.relowner from pg_class c where c.oid = tg_relid), 'MEMBER')
    then
        raise exception using errcode = '23514', table = tg_table_name, constraint = 'fee_schedule_not_in_the_past',
            message = 'a schedule holds from today at the earliest';
    end if;
    return new;
end
$$;

-- A schedule is whole when its transaction ends: no rule comes later.
create or replace function wallet.rule_comes_with_its_schedule() returns trigger
language plpgsql set search_path = '' as $$
declare
    v_schedule public.wallet_feeschedule;
begin
    select * into v_schedule from public.wallet_feeschedule where id = new.schedule_id;
    if v_schedule.made_at is distinct from now() then
        raise exception using errcode = 'ALJ02', message = 'a schedule is whole: write one of a later day';
    elsif new.charge = 'LEVY' and v_schedule.from_date > date '2025-12-31' then
        raise exception using errcode = '23514', table = tg_table_name, constraint = 'fee_rule_levy_ended',
            message = 'nothing is levied on who receives since 2026';
    end if;
    return null;
end
$$;

create trigger dated before insert on public.wallet_feeschedule
    for each row execute function wallet.schedule_is_dated();
create trigger whole after insert on public.wallet_feerule
    for each row execute function wallet.rule_comes_with_its_schedule();
create trigger append_only before update or delete or truncate on public.wallet_feeschedule
    for each statement execute function core.append_only();
create trigger append_only before update or delete or truncate on public.wallet_feerule
    for each statement execute function core.append_only();
revoke all on function wallet.schedule_is_dated(), wallet.rule_comes_with_its_schedule() from public;
