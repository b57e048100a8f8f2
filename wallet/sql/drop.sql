-- Takes the whole ledger out again, in one go: the reverse of every other file here. For tests of the migration and
-- for scratch databases only: it drops the books.

drop view public.wallet_entry, public.wallet_debit_entry, public.wallet_credit_entry;
drop table public.wallet_recalledentry, public.wallet_archivedrun, public.wallet_archivedhot, public.wallet_archivedhold,
    public.wallet_archivedseal, public.wallet_archivedmonth, public.wallet_archivedsum;
drop table public.wallet_transaction, public.wallet_seal, public.wallet_follower, public.wallet_checkpoint, public.wallet_reversal, public.wallet_partreversal,
    public.wallet_hold, public.wallet_account, public.wallet_currency cascade;
drop schema wallet cascade;
revoke all on schema public from wallet_debit_reader, wallet_credit_reader;
