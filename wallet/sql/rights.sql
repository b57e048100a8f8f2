-- Who may do what. Run last. Reverse: drop.sql.

revoke all on all functions in schema wallet from public;
grant usage on schema wallet to authenticated, service_role;

grant execute on function
    wallet.post_one(uuid, text, uuid, uuid, bigint, text, timestamptz),
    wallet.post(uuid, text[], uuid[], uuid[], bigint[], text, timestamptz),
    wallet.send(uuid, uuid, uuid, char(3), bigint, text),
    wallet.open_account(uuid, text, text),
    wallet.own_accounts(),
    wallet.sees_all(),
    wallet.place_hold(uuid, uuid, bigint, timestamptz, text, bigint),
    wallet.balance_of(uuid),
    wallet.balance_at(uuid, timestamptz, boolean),
    wallet.hot_change(uuid, text, xid8, xid8, timestamptz),
    wallet.entry_at(uuid, bigint),
    wallet.version_at(uuid, timestamptz),
    wallet.is_archived(uuid, xid8)
to authenticated, service_role;
grant execute on function
    wallet.post_many(uuid[], text[], uuid[], uuid[], bigint[], text[], timestamptz),
    wallet.reverse(uuid, uuid, text, timestamptz, text),
    wallet.commit_hold(uuid, uuid, uuid, bigint, text, text, boolean, timestamptz),
    wallet.commit_hold_lines(uuid, uuid, text[], uuid[], bigint[], text, timestamptz),
    wallet.release_hold(uuid),
    wallet.expire_holds(integer),
    wallet.fold(),
    wallet.seal(xid8),
    wallet.verify(),
    wallet.open_system_account(text, text, text, text, boolean, bigint),
    wallet.set_state(uuid, text),
    wallet.set_limits(uuid, bigint, bigint)
to service_role;

grant select, insert, update on public.wallet_follower to service_role;
grant select on public.wallet_currency to anon, authenticated, service_role;
grant select on public.wallet_account, public.wallet_hold, public.wallet_entry, public.wallet_checkpoint to authenticated;
-- Not the balances and versions, of which one is always another's: wallet_entry shows one's own.
grant select (
    id, posting_id, debit_account_id, credit_account_id, amount, currency, kind, description, effective_at, recorded_at,
    hold_id, reverses, actor_id
) on public.wallet_transaction to authenticated;
grant select on public.wallet_account, public.wallet_transaction, public.wallet_hold, public.wallet_entry,
    public.wallet_reversal, public.wallet_checkpoint, public.wallet_seal to service_role;

do $$
declare
    v_table text;
begin
    foreach v_table in array array['wallet_account', 'wallet_transaction', 'wallet_follower', 'wallet_hold', 'wallet_reversal',
        'wallet_checkpoint', 'wallet_seal']
    loop
        execute format('alter table public.%I enable row level security', v_table);
        execute format('alter table public.%I force row level security', v_table);
        execute format('create policy %I on public.%I to %I using (true) with check (true)',
            v_table || '_owner', v_table, current_user);
        execute format('create policy %I on public.%I for select to service_role using (true)',
            v_table || '_service', v_table);
    end loop;
end
$$;

create policy wallet_follower_write on public.wallet_follower to service_role using (true) with check (true);
create policy wallet_account_own on public.wallet_account for select to authenticated
    using (owner_id = (select auth.uid()));
create policy wallet_hold_own on public.wallet_hold for select to authenticated
    using (account_id = any ((select wallet.own_accounts())::uuid[]));
-- `is true` keeps the OR a filter over the history's two index scans; left bare it becomes a bitmap of everything.
create policy wallet_transaction_own on public.wallet_transaction for select to authenticated
    using ((debit_account_id = any ((select wallet.own_accounts())::uuid[])) is true
        or (credit_account_id = any ((select wallet.own_accounts())::uuid[])) is true);
