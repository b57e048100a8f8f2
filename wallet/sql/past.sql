-- Balances at past moments. Run at the beginning, and again by a migration.

-- The side of a kept account's entry with this version.
create or replace function wallet.entry_at(p_account uuid, p_version bigint, out balance bigint, out recorded_at timestamptz)
language sql stable set search_path = ''
begin atomic
    select e.balance, e.recorded_at from public.wallet_entry e
    where e.account_id = p_account and e.version = p_version limit 1;
end;

-- The last entry of a kept account that was recorded by a moment: its version and the balance after it, 0 and 0 before the
-- first. Versions ascend in time, so a search by halves takes some log2(version) probes of the index. A month in the archive
-- is passed over by what was kept of it; a moment inside one that was not fetched is refused by name.
create or replace function wallet.version_at(p_account uuid, p_at timestamptz, out version bigint, out balance bigint)
language plpgsql stable set search_path = '' as $$
declare
    v_high bigint;
    v_middle bigint;
    v_entry record;
    v_run public.wallet_archivedrun;
begin
    version := 0;
    balance := 0;
    select a.version into v_high from public.wallet_account a where a.id = p_account;
    while version < v_high loop
        v_middle := v_high - (v_high - version) / 2;
        select * into v_entry from wallet.entry_at(p_account, v_middle);
        if v_entry.recorded_at is null then
            select * into v_run from public.wallet_archivedrun r
            where r.account_id = p_account and r.first_version <= v_middle order by r.first_version desc limit 1;
            if v_run.last_at <= p_at then
                version := v_run.last_version;
                balance := v_run.closing;
            elsif v_run.first_at > p_at then
                v_high := v_run.first_version - 1;
            else
                raise exception using errcode = 'ALJ01', message = 'movements_in_archive',
                    detail = jsonb_build_object('account', p_account)::text;
            end if;
        elsif v_entry.recorded_at <= p_at then
            version := v_middle;
            balance := v_entry.balance;
        else
            v_high := v_middle - 1;
        end if;
    end loop;
end
$$;

-- The balance at a past moment. p_known: as the books stood then (by recorded_at); otherwise as we know today that it
-- was (by effective_at), which is the former corrected by the dated entries alone. Null when the account is not seen.
create or replace function wallet.balance_at(p_account uuid, p_at timestamptz, p_known boolean default true) returns bigint
language plpgsql stable set search_path = '' as $$
declare
    v_account public.wallet_account;
    v_checkpoint public.wallet_checkpoint;
    v_ceiling xid8;
    v_version bigint := 0;
    v_balance bigint := 0;
begin
    select * into v_account from public.wallet_account where id = p_account;
    if not found then
        return null;
    elsif v_account.hot then
        select * into v_checkpoint from public.wallet_checkpoint c
        where c.account_id = p_account and c.made_at <= p_at order by c.horizon desc limit 1;
        select c.ceiling into v_ceiling from public.wallet_checkpoint c
        where c.account_id = p_account and c.made_at >= p_at and c.ceiling is not null order by c.horizon limit 1;
        if wallet.is_archived(p_account, coalesce(v_checkpoint.horizon, '0')) then
            raise exception using errcode = 'ALJ01', message = 'movements_in_archive',
                    detail = jsonb_build_object('account', p_account)::text;
        end if;
        v_balance := coalesce(v_checkpoint.balance, 0) + wallet.hot_change(
            p_account, v_account.normal_side, coalesce(v_checkpoint.horizon, '0'), v_ceiling, p_at);
    else
        select * into v_version, v_balance from wallet.version_at(p_account, p_at);
    end if;
    if p_known then
        return v_balance;
    end if;
    -- What happened by then and was recorded since; nothing is recorded before it happens.
    if v_account.hot then
        return v_balance + (
            select coalesce(sum(case v_account.normal_side
                when case p_account when t.debit_account_id then 'DEBIT' else 'CREDIT' end then t.amount
                else -t.amount end), 0)::bigint
            from public.wallet_transaction t
            where t.xid >= coalesce(v_checkpoint.horizon, '0') and p_account in (t.debit_account_id, t.credit_account_id)
                and t.effective_at <= p_at and t.recorded_at > p_at
        );
    end if;
    if exists (
        select from public.wallet_archivedrun r
        where r.account_id = p_account and r.last_version > v_version and not exists (
            select from public.wallet_recalledentry e where e.account_id = p_account and e.version = r.last_version)
    ) then
        raise exception using errcode = 'ALJ01', message = 'movements_in_archive',
                    detail = jsonb_build_object('account', p_account)::text;
    end if;
    return v_balance + (
        select coalesce(sum(e.change), 0)::bigint from public.wallet_entry e
        where e.account_id = p_account and e.version > v_version and e.effective_at <= p_at and e.recorded_at > p_at
    );
end
$$;

-- Whether rows of a hot account with this number or a later one are in the archive. Runs as the owner: only the service
-- may read what was kept of hot accounts, and who asks learns no more than this.
create or replace function wallet.is_archived(p_account uuid, p_from xid8) returns boolean
language sql stable security definer set search_path = ''
begin atomic
    select exists (select from public.wallet_archivedhot h where h.account_id = p_account and h.newest >= p_from);
end;
