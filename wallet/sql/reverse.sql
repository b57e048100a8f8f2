-- Reversing a posting, once. Reverse: drop.sql.

-- Posts the mirror image of a whole posting, last transaction first, under the new id p_posting; of what was taken back in
-- parts before, the rest. A repeat with the same two ids returns the first result. Refuses with posting_not_found,
-- already_reversed{reversed_by}, and for whatever the posting itself would be refused. For service_role only.
create or replace function wallet.reverse(
    p_posting uuid, p_reverses uuid, p_description text default '', p_effective_at timestamptz default null,
    p_kind text default 'REVERSAL'
) returns setof wallet.posted
language plpgsql security definer set search_path = '' as $$
declare
    v_by uuid;
    v_ids uuid[];
    v_debits uuid[];
    v_credits uuid[];
    v_amounts bigint[];
begin
    perform wallet.require_service();
    perform wallet.lock_reversals(p_reverses);
    if not exists (select from public.wallet_transaction t where t.id = p_reverses and t.posting_id = p_reverses) then
        perform wallet.refuse('posting_not_found', jsonb_build_object('posting', p_reverses));
    end if;
    select array_agg(t.id order by t.id desc), array_agg(t.credit_account_id order by t.id desc),
        array_agg(t.debit_account_id order by t.id desc),
        array_agg(t.amount - wallet.taken_back(t.id) order by t.id desc)
    into v_ids, v_debits, v_credits, v_amounts
    from public.wallet_transaction t
    where t.id between p_reverses and wallet.nth(p_reverses, 255) and t.posting_id = p_reverses
        and t.amount > wallet.taken_back(t.id);
    if v_debits is null then
        select p.posting_id into v_by from public.wallet_partreversal p
        where p.transaction_id between p_reverses and wallet.nth(p_reverses, 255) order by p.created_at desc limit 1;
        perform wallet.refuse('already_reversed', jsonb_build_object('posting', p_reverses, 'reversed_by', v_by));
    end if;

    insert into public.wallet_reversal (posting_id, reversed_by, actor_id)
    values (p_reverses, p_posting, auth.uid())
    on conflict do nothing;
    if not found then
        select reversed_by into v_by from public.wallet_reversal where posting_id = p_reverses;
        if v_by is null then
            perform wallet.refuse('posting_id_reused', jsonb_build_object('posting', p_posting, 'field', 'reverses'));
        elsif v_by <> p_posting then
            perform wallet.refuse('already_reversed', jsonb_build_object('posting', p_reverses, 'reversed_by', v_by));
        end if;
    end if;
    return query select * from wallet.apply_posting(p_posting, array_fill(p_kind, array[cardinality(v_debits)]),
        v_debits, v_credits, v_amounts, p_description, p_effective_at, null, p_reverses, v_ids);
end
$$;
