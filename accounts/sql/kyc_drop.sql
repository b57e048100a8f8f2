-- Undoes kyc.sql.
drop trigger guard on public.accounts_kycapplication;
drop trigger no_delete on public.accounts_kycapplication;
drop trigger append_only on public.accounts_kycstatechange;
drop trigger append_only on public.accounts_kycdecision;
drop trigger append_only on public.accounts_kycnote;
drop trigger append_only on public.accounts_kyccheck;
drop trigger append_only on public.accounts_customerstatuschange;
drop trigger no_delete on public.accounts_kycdocument;
drop function public.accounts_kyc_guard();
