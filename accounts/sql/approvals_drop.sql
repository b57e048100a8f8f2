drop trigger guard on public.accounts_approval;
drop trigger append_only on public.accounts_approval;
drop trigger no_truncate on public.accounts_approval;
drop trigger append_only on public.accounts_approvalband;
drop trigger no_truncate on public.accounts_approvalband;
drop function public.accounts_approval_guard();
