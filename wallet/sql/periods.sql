-- Closed months: nothing is dated back into them. Reverse: see the migration.

-- Why nothing may be dated to this moment; null when it may be. Asked for dated postings only: whoever posts takes the
-- lock together with others, whoever closes a month takes it alone, so that none slips in while a month closes.
create or replace function wallet.period_refusal(p_effective_at timestamptz) returns text
language plpgsql set search_path = '' as $$
begin
    perform pg_advisory_xact_lock_shared(hashtext('wallet.closing'));
    if exists (
        select from public.wallet_closedperiod p
        where p.month = date_trunc('month', p_effective_at at time zone 'Africa/Lagos')::date and p.reopened_at is null
    ) then
        return 'period_closed';
    end if;
    return null;
end
$$;

create or replace function wallet.period_facts(p_effective_at timestamptz) returns jsonb
language sql stable
return jsonb_build_object('month', to_char(p_effective_at at time zone 'Africa/Lagos', 'YYYY-MM'));

-- What each kind of account was debited and credited with before p_until, and of that from p_from on, by when it happened.
-- Both are beginnings of Lagos months: of what is out of the books, the sums of such months are kept (archived.sql).
create or replace function wallet.trial_balance(p_from timestamptz, p_until timestamptz)
returns table (kind text, currency text, normal_side text, debits numeric, credits numeric, month_debits numeric,
    month_credits numeric)
language sql stable set search_path = ''
begin atomic
    with side as (
        select t.debit_account_id as account, t.amount as debit, 0::bigint as credit, t.effective_at >= p_from as within
        from public.wallet_transaction t where t.effective_at < p_until
        union all
        select t.credit_account_id, 0, t.amount, t.effective_at >= p_from
        from public.wallet_transaction t where t.effective_at < p_until
        union all
        select k.account_id, k.debits, k.credits, k.month >= (p_from at time zone 'Africa/Lagos')::date
        from public.wallet_archivedsum k where k.month < (p_until at time zone 'Africa/Lagos')::date
    ), of_account as (
        select s.account, sum(s.debit) as debits, sum(s.credit) as credits,
            coalesce(sum(s.debit) filter (where s.within), 0) as month_debits,
            coalesce(sum(s.credit) filter (where s.within), 0) as month_credits
        from side s group by s.account
    )
    select a.kind::text, a.currency_id::text, a.normal_side::text, sum(o.debits), sum(o.credits), sum(o.month_debits),
        sum(o.month_credits)
    from of_account o join public.wallet_account a on a.id = o.account
    group by 1, 2, 3 order by 2, 1, 3;
end;

revoke all on function wallet.period_refusal(timestamptz), wallet.period_facts(timestamptz),
    wallet.trial_balance(timestamptz, timestamptz) from public;
grant execute on function wallet.trial_balance(timestamptz, timestamptz) to service_role;
