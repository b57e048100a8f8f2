-- What may follow what in the life of an application, and what nobody may change. Reverse: kyc_drop.sql.

create function public.accounts_kyc_guard() returns trigger
language plpgsql set search_path = '' as $$
begin
    if tg_op = 'INSERT' then
        if new.state <> 'DRAFT' then
            raise exception using errcode = '23514', constraint = 'kyc_starts_as_draft',
                message = 'an application begins as a draft';
        end if;
    elsif old.state <> new.state and (old.state, new.state) not in (
        ('DRAFT', 'SUBMITTED'), ('DRAFT', 'EXPIRED'),
        ('SUBMITTED', 'IN_REVIEW'), ('SUBMITTED', 'EXPIRED'),
        ('IN_REVIEW', 'SUBMITTED'), ('IN_REVIEW', 'MORE_NEEDED'), ('IN_REVIEW', 'APPROVED'), ('IN_REVIEW', 'REJECTED'),
        ('MORE_NEEDED', 'SUBMITTED'), ('MORE_NEEDED', 'EXPIRED')
    ) then
        raise exception using errcode = '23514', constraint = 'kyc_state_follows',
            message = format('an application does not go from %s to %s', old.state, new.state);
    elsif old.state in ('APPROVED', 'REJECTED', 'EXPIRED') then
        raise exception using errcode = '23514', constraint = 'kyc_decided_is_fixed',
            message = 'a decided application is not changed';
    elsif (old.customer_id, old.created_at) is distinct from (new.customer_id, new.created_at)
        or new.revision < old.revision then
        raise exception using errcode = '23514', constraint = 'kyc_fixed',
            message = 'an application stays its customer''s, and its revision only rises';
    end if;
    return new;
end
$$;
create trigger guard before insert or update on public.accounts_kycapplication
    for each row execute function public.accounts_kyc_guard();
create trigger no_delete before delete or truncate on public.accounts_kycapplication
    for each statement execute function core.append_only();
create trigger append_only before update or delete or truncate on public.accounts_kycstatechange
    for each statement execute function core.append_only();
create trigger append_only before update or delete or truncate on public.accounts_kycdecision
    for each statement execute function core.append_only();
create trigger append_only before update or delete or truncate on public.accounts_kycnote
    for each statement execute function core.append_only();
create trigger append_only before update or delete or truncate on public.accounts_kyccheck
    for each statement execute function core.append_only();
create trigger append_only before update or delete or truncate on public.accounts_customerstatuschange
    for each statement execute function core.append_only();
create trigger no_delete before delete or truncate on public.accounts_kycdocument
    for each statement execute function core.append_only();
