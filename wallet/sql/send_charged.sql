-- A transfer and what it costs, as one posting. Reverse: see the migration.

-- As wallet.send, with charges that the sender bears, in this order after the amount. A customer pays each to the operator's
-- account of its kind and to no other; how much each is, the service knows (wallet/services/fees.py). It goes ahead as
-- wallet.post_one does, in as few statements, and like that leaves anything odd to wallet.apply_posting.
create or replace function wallet.send_charged(
    p_posting uuid, p_source uuid, p_recipient uuid, p_currency char(3), p_amount bigint, p_note text,
    p_kinds text[], p_credits uuid[], p_amounts bigint[]
) returns setof wallet.posted
language plpgsql security definer set search_path = '' as $$
declare
    v_charges constant integer := coalesce(cardinality(p_kinds), 0);
    v_now constant timestamptz := clock_timestamp();
    v_target uuid;
    v_hot integer;
    v_total bigint := p_amount;
    v_fits boolean := p_amount between 1 and 1000000000000000000;
    v_balance bigint;
    v_version bigint;
    v_until timestamptz;
    v_to_balance bigint;
    v_to_version bigint;
    v_to_until timestamptz;
    v_recorded_at timestamptz;
    v_actor uuid;
    v_ids uuid[] := array[p_posting];
    v_balances bigint[] := '{}';
    v_written integer;
begin
    if v_charges not between 1 and 255 or v_charges is distinct from cardinality(p_amounts)
        or v_charges is distinct from cardinality(p_credits)
    then
        raise exception using errcode = '22023', message = 'a charged transfer has charges, in arrays of one length';
    elsif current_setting('role', true) is distinct from 'service_role' then
        perform wallet.check_customer(p_posting, '{TRANSFER}', array[p_source], '{}', null);
        perform wallet.check_charges(p_kinds, p_credits);
    end if;
    select id into v_target from public.wallet_account
    where owner_id = p_recipient and kind = 'WALLET' and currency_id = p_currency;
    if v_target is null then
        v_target := wallet.open_for(p_recipient, p_currency);
    end if;
    for n in 1 .. v_charges loop
        v_fits := v_fits and p_amounts[n] between 1 and 1000000000000000000 and p_credits[n] <> all (p_credits[:n - 1]);
        exit when v_fits is not true;
        v_total := v_total + p_amounts[n];
        v_ids := v_ids || wallet.nth(p_posting, n);
        v_fits := v_total <= 1000000000000000000;
    end loop;
    if v_fits and p_source <> v_target and wallet.id_refusal(p_posting, null, v_now) is null then
        for v_turn in 1 .. 2 loop
            if (v_turn = 1) = (p_source < v_target) then
                update public.wallet_account
                set balance = balance - v_total, version = version + 1 + v_charges, sent = sent + p_amount
                where id = p_source and normal_side = 'CREDIT' and currency_id = p_currency
                    and wallet.may_move(hot, state, balance, held, floor, cap, -v_total)
                    and wallet.may_count(
                        owner_state, counted_until, sent, least(daily_sending, single_amount + sent), p_amount, v_now)
                returning balance, version, counted_until into v_balance, v_version, v_until;
                exit when not found;
            else
                update public.wallet_account
                set balance = balance + p_amount, version = version + 1, received = received + p_amount
                where id = v_target and normal_side = 'CREDIT'
                    and wallet.may_move(hot, state, balance, held, floor, cap, p_amount)
                    and wallet.may_count(owner_state, counted_until, received, daily_receiving, p_amount, v_now)
                returning balance, version, counted_until into v_to_balance, v_to_version, v_to_until;
                exit when not found;
            end if;
        end loop;
        select count(*) into v_hot from public.wallet_account
        where id = any (p_credits) and hot and state = 'ACTIVE' and currency_id = p_currency;
        v_recorded_at := clock_timestamp();
        if v_version is not null and v_to_version is not null and v_hot = v_charges
            and (v_recorded_at >= least(v_until, v_to_until)) is not true
        then
            v_actor := auth.uid();
            v_balances := array[v_balance];
            for n in reverse v_charges .. 1 loop
                v_balances := (v_balances[1] + p_amounts[n]) || v_balances;
            end loop;
            return query
                insert into public.wallet_transaction (
                    id, posting_id, debit_account_id, credit_account_id, amount, currency,
                    debit_version, debit_balance, credit_version, credit_balance, effective_at, recorded_at,
                    actor_id, kind, description, digest)
                select l.id, p_posting, p_source, l.credit, l.amount, p_currency,
                    v_version - v_charges - 1 + l.n, l.balance, case l.n when 1 then v_to_version end,
                    case l.n when 1 then v_to_balance end, v_recorded_at, v_recorded_at, v_actor, l.kind, coalesce(p_note, ''),
                    wallet.digest_of(l.id, p_posting, p_source, l.credit, l.amount, p_currency,
                        v_version - v_charges - 1 + l.n, l.balance, case l.n when 1 then v_to_version end,
                        case l.n when 1 then v_to_balance end, v_recorded_at, v_recorded_at,
                        null, null, v_actor, l.kind, coalesce(p_note, ''))
                from unnest(v_ids, 'TRANSFER'::text || p_kinds, v_target || p_credits, p_amount || p_amounts, v_balances)
                    with ordinality l (id, kind, credit, amount, balance, n)
                on conflict (id) do nothing
                returning wallet_transaction.id, wallet_transaction.amount, wallet_transaction.debit_version,
                    wallet_transaction.debit_balance, wallet_transaction.credit_version,
                    wallet_transaction.credit_balance, wallet_transaction.recorded_at, false;
            get diagnostics v_written = row_count;
            if v_written = v_charges + 1 then
                return;
            elsif v_written > 0 then
                perform wallet.refuse('posting_id_reused', jsonb_build_object('posting', p_posting, 'field', 'count'));
            end if;
        end if;
        if v_version is not null then
            update public.wallet_account
            set balance = balance + v_total, version = version - 1 - v_charges, sent = sent - p_amount where id = p_source;
        end if;
        if v_to_version is not null then
            perform wallet.put_back(v_target, 'CREDIT', p_amount, p_amount);
        end if;
    end if;
    return query select * from wallet.apply_posting(p_posting, 'TRANSFER'::text || p_kinds,
        array_fill(p_source, array[v_charges + 1]), v_target || p_credits, p_amount || p_amounts, coalesce(p_note, ''),
        null, null, null);
end
$$;

-- Refuses charges that are none, or that go elsewhere than where their kind does.
create or replace function wallet.check_charges(p_kinds text[], p_credits uuid[]) returns void
language plpgsql stable set search_path = '' as $$
begin
    if exists (
        select from unnest(p_kinds, p_credits) k (kind, credit)
        left join public.wallet_account a on a.id = k.credit and a.code = case k.kind
            when 'FEE' then 'FEE_INCOME' when 'VAT' then 'VAT_PAYABLE' when 'STAMP_DUTY' then 'STAMP_DUTY_PAYABLE' end
        where a.id is null
    ) then
        raise exception using errcode = '42501', message = 'a transfer is charged fee, tax and duty only';
    end if;
end
$$;
revoke all on function wallet.check_charges(text[], uuid[]),
    wallet.send_charged(uuid, uuid, uuid, char(3), bigint, text, text[], uuid[], bigint[]) from public;
grant execute on function wallet.send_charged(uuid, uuid, uuid, char(3), bigint, text, text[], uuid[], bigint[])
to authenticated, service_role;
