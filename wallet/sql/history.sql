-- An account's history, from wherever its months lie. Run at the beginning, and again by a migration.

-- Each transaction from both its sides. `change` is signed in the account's own normal direction. Page a kept
-- account by `account_id = … and version < … order by version desc` (the first page: version < 2^63 - 1).
-- Entries of months in the archive are here once they were fetched.
create or replace view public.wallet_entry with (security_invoker = true) as
select * from public.wallet_debit_entry union all select * from public.wallet_credit_entry
union all
select e.transaction_id, e.posting_id, e.account_id, e.side, e.amount, e.change, e.currency, e.version, e.balance,
    e.counterparty_id, e.kind, e.description, e.effective_at, e.recorded_at, e.hold_id, e.reverses, e.actor_id
from public.wallet_recalledentry e;
