-- A transfer and what it costs, as one posting. Reverse: see the migration.

-- As wallet.send, with charges that the sender bears, in this order after the amount. Each goes to the operator's account
-- of its kind and to no other, whoever calls; how much each is, the service knows (wallet/services/fees.py). It goes ahead
-- as wallet.post_one does, and like that leaves anything odd to wallet.apply_posting.
create or replace function wallet.send_charged(
    p_posting uuid, p_source uuid, p_recipient uuid, p_currency char(3), p_amount bigint, p_note text,
    p_kinds text[], p_amounts bigint[]
) returns setof wallet.posted
language plpgsql security definer set search_path = '' as $$
declare
    v_many constant integer := coalesce(cardinality(p_kinds), 0) + 1;
    v_now constant timestamptz := clock_timestamp();
    v_target uuid;
    v_credits uuid[];
    v_may boolean;
    v_charges numeric;
    v_all bigint;
    v_from record;
    v_to record;
    v_moved uuid[] := '{}';
    v_recorded_at timestamptz;
    v_actor uuid;
    v_written integer := 0;
begin
    if current_setting('role', true) is distinct from 'service_role' then
        perform wallet.check_customer(p_posting, '{TRANSFER}', array[p_source], '{}', null);
    end if;
    select array_agg(a.id order by k.n), bool_and(a.hot and a.state = 'ACTIVE' and k.amount > 0), sum(k.amount)
    into v_credits, v_may, v_charges
    from unnest(p_kinds, p_amounts) with ordinality k (kind, amount, n)
    join public.wallet_account a on a.code <> '' and a.currency_id = p_currency and a.code = case k.kind
        when 'FEE' then 'FEE_INCOME' when 'VAT' then 'VAT_PAYABLE' when 'STAMP_DUTY' then 'STAMP_DUTY_PAYABLE' end;
    if coalesce(cardinality(v_credits), 0) <> v_many - 1 or v_many < 2 then
        raise exception using errcode = '22023', message = 'a transfer is charged fee, tax and duty only';
    end if;
    select id into v_target from public.wallet_account
    where owner_id = p_recipient and kind = 'WALLET' and currency_id = p_currency;
    if v_target is null then
        v_target := wallet.open_for(p_recipient, p_currency);
    end if;
    if v_may and cardinality(p_amounts) = v_many - 1 and p_source <> v_target
        and p_amount between 1 and 1000000000000000000 and v_charges <= 1000000000000000000
        and wallet.id_refusal(p_posting, null, v_now) is null
    then
        v_all := p_amount + v_charges;
        for v_turn in 1 .. 2 loop
            if (v_turn = 1) = (p_source < v_target) then
                update public.wallet_account
                set balance = balance - v_all, version = version + v_many, sent = sent + p_amount
                where id = p_source and normal_side = 'CREDIT' and currency_id = p_currency
                    and wallet.may_move(hot, state, balance, held, floor, cap, -v_all)
                    and wallet.may_count(
                        owner_state, counted_until, sent, least(daily_sending, single_amount + sent), p_amount, v_now)
                returning id, balance, version, counted_until into v_from;
            else
                update public.wallet_account
                set balance = balance + p_amount, version = version + 1, received = received + p_amount
                where id = v_target and normal_side = 'CREDIT'
                    and wallet.may_move(hot, state, balance, held, floor, cap, p_amount)
                    and wallet.may_count(owner_state, counted_until, received, daily_receiving, p_amount, v_now)
                returning id, balance, version, counted_until into v_to;
            end if;
            exit when not found;
            v_moved := v_moved || case when (v_turn = 1) = (p_source < v_target) then p_source else v_target end;
        end loop;
        v_recorded_at := clock_timestamp();
        if cardinality(v_moved) = 2 and (v_recorded_at >= least(v_from.counted_until, v_to.counted_until)) is not true then
            v_actor := auth.uid();
            return query
                insert into public.wallet_transaction (
                    id, posting_id, debit_account_id, credit_account_id, amount, currency,
                    debit_version, debit_balance, credit_version, credit_balance, effective_at, recorded_at,
                    actor_id, kind, description, digest)
                select l.id, p_posting, p_source, l.credit, l.amount, p_currency,
                    l.debit_version, l.debit_balance, l.credit_version, l.credit_balance, v_recorded_at, v_recorded_at,
                    v_actor, l.kind, l.note,
                    wallet.digest_of(l.id, p_posting, p_source, l.credit, l.amount, p_currency,
                        l.debit_version, l.debit_balance, l.credit_version, l.credit_balance, v_recorded_at, v_recorded_at,
                        null, null, v_actor, l.kind, l.note)
                from (
                    select wallet.nth(p_posting, n::integer - 1) as id, u.kind, u.credit, u.amount, n,
                        v_from.version - v_many + n as debit_version,
                        (v_from.balance + sum(u.amount) over (order by n desc) - u.amount)::bigint as debit_balance,
                        case n when 1 then v_to.version end as credit_version,
                        case n when 1 then v_to.balance end as credit_balance, coalesce(p_note, '') as note
                    from unnest('TRANSFER'::text || p_kinds, v_target || v_credits, p_amount || p_amounts)
                        with ordinality u (kind, credit, amount, n)
                ) l
                order by l.n
                on conflict (id) do nothing
                returning wallet_transaction.id, wallet_transaction.amount, wallet_transaction.debit_version,
                    wallet_transaction.debit_balance, wallet_transaction.credit_version,
                    wallet_transaction.credit_balance, wallet_transaction.recorded_at, false;
            get diagnostics v_written = row_count;
            if v_written = v_many then
                return;
            elsif v_written > 0 then
                perform wallet.refuse('posting_id_reused', jsonb_build_object('posting', p_posting, 'field', 'count'));
            end if;
        end if;
        if p_source = any (v_moved) then
            update public.wallet_account
            set balance = balance + v_all, version = version - v_many, sent = sent - p_amount where id = p_source;
        end if;
        if v_target = any (v_moved) then
            perform wallet.put_back(v_target, 'CREDIT', p_amount, p_amount);
        end if;
    end if;
    return query select * from wallet.apply_posting(p_posting, 'TRANSFER'::text || p_kinds,
        array_fill(p_source, array[v_many]), v_target || v_credits, p_amount || p_amounts, coalesce(p_note, ''),
        null, null, null);
end
$$;
revoke all on function wallet.send_charged(uuid, uuid, uuid, char(3), bigint, text, text[], bigint[]) from public;
grant execute on function wallet.send_charged(uuid, uuid, uuid, char(3), bigint, text, text[], bigint[])
to authenticated, service_role;
