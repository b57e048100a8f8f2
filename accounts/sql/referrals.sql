-- What of referrals the database itself sees to. Reverse: see the migration.

create schema referrals;

-- Two programmes never hold on one day: who invites must know by which rules.
alter table public.accounts_referralprogram add constraint referral_program_one_at_a_time
    exclude using gist (daterange(starts_on, ends_on, '[]') with &&) where (ended_at is null);
alter table public.accounts_referralprogram add constraint referral_program_levels check (
    cardinality(level_bonuses) between 1 and 3 and 0 <= all (level_bonuses)
    and (invited_bonus > 0 or 0 < any (level_bonuses)));

-- Of a programme only what was set aside and when it ends may change.
create trigger fixed before update on public.accounts_referralprogram
    for each row when (
        (old.id, old.name, old.currency, old.starts_on, old.budget, old.cap_referrals, old.cap_amount, old.event,
            old.minimum, old.window_days, old.attribution_days, old.clawback_days, old.invited_bonus, old.level_bonuses,
            old.terms, old.made_by_id, old.made_at)
        is distinct from
        (new.id, new.name, new.currency, new.starts_on, new.budget, new.cap_referrals, new.cap_amount, new.event,
            new.minimum, new.window_days, new.attribution_days, new.clawback_days, new.invited_bonus, new.level_bonuses,
            new.terms, new.made_by_id, new.made_at))
    execute function core.append_only();

-- Neither who invited whom nor what is due to whom is ever written anew. After, and of these columns alone: a trigger
-- before each update would lock its row once more, and cost as much as the rest of it.
create trigger fixed after update of id, program_id, referrer_id, email_index, invited_id on public.accounts_referral
    for each row when (
        (old.id, old.program_id, old.referrer_id, old.email_index) is distinct from
        (new.id, new.program_id, new.referrer_id, new.email_index)
        or (old.invited_id is not null and old.invited_id is distinct from new.invited_id))
    execute function core.append_only();
create trigger fixed
    after update of id, referral_id, beneficiary_id, level, amount, currency, posting_id on public.accounts_referralbonus
    for each row when (
        (old.id, old.referral_id, old.beneficiary_id, old.level, old.amount, old.currency) is distinct from
        (new.id, new.referral_id, new.beneficiary_id, new.level, new.amount, new.currency)
        or (old.state <> 'DUE' and old.posting_id <> new.posting_id))
    execute function core.append_only();

create function referrals.refuse_step(p_table text, p_was text, p_is text) returns void
language plpgsql set search_path = '' as $$
begin
    raise exception using errcode = '23514', table = p_table, constraint = p_table || '_steps',
        message = format('%s does not go from %s to %s', p_table, p_was, p_is);
end
$$;

-- Whatever changes the state of referrals, raw SQL too, leaves a line each, and goes only the ways there are. Runs as
-- the owner, since nobody else may write into the history. What changed has no statistics, by which the planner would
-- compare each row with each.
create function referrals.keep_history() returns trigger
language plpgsql security definer set search_path = '' set enable_nestloop = off as $$
declare
    v_wrong record;
begin
    if tg_op = 'INSERT' then
        insert into public.accounts_referralhistory (referral_id, was, state, reason, at, actor_id)
        select n.id, '', n.state, n.reason, n.changed_at, auth.uid() from changed n;
        return null;
    end if;
    with moved as materialized (
        select n.id, o.state as was, n.state, n.reason, n.changed_at
        from before o join changed n using (id) where o.state <> n.state
    ), kept as (
        insert into public.accounts_referralhistory (referral_id, was, state, reason, at, actor_id)
        select m.id, m.was, m.state, m.reason, m.changed_at, auth.uid() from moved m
    )
    select m.was, m.state into v_wrong from moved m
    where (m.was, m.state) not in (
        ('INVITED', 'JOINED'), ('INVITED', 'REFUSED'), ('JOINED', 'QUALIFIED'), ('JOINED', 'REFUSED'),
        ('QUALIFIED', 'PAID'), ('QUALIFIED', 'REFUSED'), ('PAID', 'CLAWED_BACK'))
    limit 1;
    if found then
        perform referrals.refuse_step('accounts_referral', v_wrong.was, v_wrong.state);
    end if;
    return null;
end
$$;
create function referrals.check_bonus_steps() returns trigger
language plpgsql set search_path = '' set enable_nestloop = off as $$
declare
    v_wrong record;
begin
    select o.state as was, n.state into v_wrong from before o join changed n using (id)
    where o.state <> n.state and (o.state, n.state) not in (
        ('DUE', 'PAID'), ('DUE', 'REFUSED'), ('PAID', 'CLAWBACK_DUE'), ('CLAWBACK_DUE', 'CLAWED_BACK'))
    limit 1;
    if found then
        perform referrals.refuse_step('accounts_referralbonus', v_wrong.was, v_wrong.state);
    end if;
    return null;
end
$$;
revoke all on function referrals.keep_history(), referrals.check_bonus_steps(),
    referrals.refuse_step(text, text, text) from public;
grant usage on schema referrals to service_role;
grant execute on function referrals.check_bonus_steps(), referrals.refuse_step(text, text, text) to service_role;

create trigger made after insert on public.accounts_referral referencing new table as changed
    for each statement execute function referrals.keep_history();
create trigger stepped after update on public.accounts_referral referencing old table as before new table as changed
    for each statement execute function referrals.keep_history();
create trigger stepped after update on public.accounts_referralbonus
    referencing old table as before new table as changed
    for each statement execute function referrals.check_bonus_steps();

create trigger append_only before update or delete or truncate on public.accounts_referralhistory
    for each statement execute function core.append_only();
create trigger no_delete before delete or truncate on public.accounts_referral
    for each statement execute function core.append_only();
create trigger no_delete before delete or truncate on public.accounts_referralbonus
    for each statement execute function core.append_only();
create trigger no_delete before delete or truncate on public.accounts_referralprogram
    for each statement execute function core.append_only();

-- A run that pays changes each row of a page: with room on the page, no index needs a new entry.
alter table public.accounts_referralbonus set (fillfactor = 50);
alter table public.accounts_referral set (fillfactor = 45);
alter table public.accounts_referraldue set (fillfactor = 50);
