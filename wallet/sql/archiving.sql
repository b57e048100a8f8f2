-- Taking months of the books out, and having them back: what core/sql/archives.sql asks the wallet to do. Run by a migration.

-- Refuses a month that something still needs, and keeps of it what the proof of the rest asks for. Called by
-- partitions.archive_detach, as the owner.
create or replace function wallet.before_archiving(p_archive uuid) returns void
language plpgsql set search_path = '' as $$
declare
    v_archive public.core_archive;
    v_since uuid;
    v_until uuid;
    v_newest xid8;
begin
    select * into v_archive from public.core_archive where id = p_archive;
    v_since := partitions.floor_of(v_archive.since);
    v_until := partitions.floor_of(v_archive.until);
    select max(xid) into v_newest from public.wallet_transaction where id >= v_since and id < v_until;
    if v_newest >= coalesce((select max(to_xid) from public.wallet_seal), '0') then
        perform wallet.refuse('archive_not_sealed', jsonb_build_object('partition', v_archive.partition));
    end if;
    if exists (
        select from public.wallet_transaction t
        join public.wallet_account a on a.id in (t.debit_account_id, t.credit_account_id) and a.hot
        where t.id >= v_since and t.id < v_until
        group by a.id
        having max(t.xid) >= coalesce((select max(c.horizon) from public.wallet_checkpoint c where c.account_id = a.id), '0')
    ) then
        perform wallet.refuse('archive_not_folded', jsonb_build_object('partition', v_archive.partition));
    end if;
    if exists (
        select from public.wallet_hold h
        join public.wallet_transaction t on t.hold_id = h.id and t.id >= v_since and t.id < v_until
        where h.state = 'OPEN'
    ) then
        perform wallet.refuse('archive_still_needed', jsonb_build_object('partition', v_archive.partition));
    end if;
    perform wallet.after_restoring(p_archive);
    insert into public.wallet_archivedmonth (archive_id, since, until, rows, reversals)
    select p_archive, v_since, v_until, count(*), count(*) filter (where exists (
        select from public.wallet_reversal r where r.reversed_by = t.id))
    from public.wallet_transaction t where t.id >= v_since and t.id < v_until;
    insert into public.wallet_archivedrun (
        archive_id, account_id, first_version, last_version, opening, closing, money_in, money_out, first_at, last_at)
    select p_archive, e.account, min(e.version), max(e.version),
        (array_agg(e.balance - e.change order by e.version))[1], (array_agg(e.balance order by e.version desc))[1],
        coalesce(sum(e.change) filter (where e.change > 0), 0), coalesce(sum(-e.change) filter (where e.change < 0), 0),
        min(e.recorded_at), max(e.recorded_at)
    from (
        select s.*, s.version - row_number() over (partition by s.account order by s.version) as island
        from wallet.sides_of(v_since, v_until) s where s.version is not null
    ) e
    group by e.account, e.island;
    insert into public.wallet_archivedhot (archive_id, account_id, entries, change, newest)
    select p_archive, s.account, count(*), sum(s.change), max(s.xid)
    from wallet.sides_of(v_since, v_until) s where s.version is null group by s.account;
    perform wallet.keep_sums(p_archive, 'public.wallet_transaction', v_since, v_until);
    insert into public.wallet_archivedhold (archive_id, hold_id, amount, counted)
    select p_archive, t.hold_id, sum(t.amount), coalesce(sum(t.amount) filter (where wallet.counts(t.kind)), 0) from public.wallet_transaction t
    where t.id >= v_since and t.id < v_until and t.hold_id is not null group by t.hold_id;
    insert into public.wallet_archivedseal (archive_id, number, since, rows, digests)
    select p_archive, s.number, v_since, count(*), case when count(*) < s.rows then string_agg(t.digest, '' order by t.id) end
    from public.wallet_seal s
    join public.wallet_transaction t on t.xid >= s.from_xid and t.xid < s.to_xid
    where t.id >= v_since and t.id < v_until
    group by s.number, s.rows;
end
$$;

-- Keeps what rows of a table of transactions debited and credited each account with in each Lagos month.
create or replace function wallet.keep_sums(p_archive uuid, p_table regclass, p_since uuid, p_until uuid) returns void
language plpgsql set search_path = '' as $$
begin
    execute format($sums$
        insert into public.wallet_archivedsum (archive_id, account_id, month, debits, credits)
        select $1, s.account, date_trunc('month', t.effective_at at time zone 'Africa/Lagos')::date, sum(s.debit), sum(s.credit)
        from %s t
        cross join lateral (values (t.debit_account_id, t.amount, 0), (t.credit_account_id, 0, t.amount)) s (account, debit, credit)
        where t.id >= $2 and t.id < $3
        group by 2, 3
    $sums$, p_table) using p_archive, p_since, p_until;
end
$$;

-- The sides of the transactions of a range of ids, each with its account's own change.
create or replace function wallet.sides_of(p_since uuid, p_until uuid)
returns table (account uuid, version bigint, balance bigint, change bigint, recorded_at timestamptz, xid xid8)
language sql stable set search_path = ''
begin atomic
    select t.debit_account_id, t.debit_version, t.debit_balance,
        case a.normal_side when 'DEBIT' then t.amount else -t.amount end, t.recorded_at, t.xid
    from public.wallet_transaction t join public.wallet_account a on a.id = t.debit_account_id
    where t.id >= p_since and t.id < p_until
    union all
    select t.credit_account_id, t.credit_version, t.credit_balance,
        case a.normal_side when 'CREDIT' then t.amount else -t.amount end, t.recorded_at, t.xid
    from public.wallet_transaction t join public.wallet_account a on a.id = t.credit_account_id
    where t.id >= p_since and t.id < p_until;
end;

-- The month is in its table again: nothing needs to stand for it. Called by partitions.archive_attach, as the owner.
create or replace function wallet.after_restoring(p_archive uuid) returns void
language plpgsql set search_path = '' as $$
begin
    delete from public.wallet_archivedrun where archive_id = p_archive;
    delete from public.wallet_archivedhot where archive_id = p_archive;
    delete from public.wallet_archivedhold where archive_id = p_archive;
    delete from public.wallet_archivedseal where archive_id = p_archive;
    delete from public.wallet_archivedsum where archive_id = p_archive;
    delete from public.wallet_archivedmonth where archive_id = p_archive;
    delete from public.wallet_recalledentry where archive_id = p_archive;
    delete from public.wallet_recall where archive_id = p_archive;
end
$$;

-- Refuses fetched entries of an account that are not exactly the runs that were kept of the month. For service_role only.
create or replace function wallet.prove_recall(p_archive uuid, p_account uuid) returns void
language plpgsql stable set search_path = '' as $$
begin
    if exists (
        select from public.wallet_archivedrun r
        cross join lateral (
            select count(*) as entries, min(e.balance - e.change) filter (where e.version = r.first_version) as opening,
                min(e.balance) filter (where e.version = r.last_version) as closing,
                coalesce(sum(e.change) filter (where e.change > 0), 0) as money_in,
                coalesce(-sum(e.change) filter (where e.change < 0), 0) as money_out
            from public.wallet_recalledentry e
            where e.account_id = r.account_id and e.version between r.first_version and r.last_version
        ) f
        where r.archive_id = p_archive and r.account_id = p_account
            and (f.entries, f.opening, f.closing, f.money_in, f.money_out) is distinct from
                (r.last_version - r.first_version + 1, r.opening, r.closing, r.money_in, r.money_out)
    ) then
        raise exception using errcode = 'ALJ03', message = 'archive_differs', detail = p_account::text;
    end if;
end
$$;
revoke all on function wallet.before_archiving(uuid), wallet.after_restoring(uuid), wallet.prove_recall(uuid, uuid),
    wallet.sides_of(uuid, uuid), wallet.keep_sums(uuid, regclass, uuid, uuid) from public;
grant execute on function wallet.prove_recall(uuid, uuid) to service_role;
