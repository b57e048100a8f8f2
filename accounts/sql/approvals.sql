-- A proposal is frozen when it is made: afterwards only what was said of it is written, and that once.
-- Reverse: approvals_drop.sql.

create function public.accounts_approval_guard() returns trigger
language plpgsql set search_path = '' as $$
declare
    -- What a decision writes; everything else stays as it was proposed.
    decision constant text[] := '{state,checker_id,checked_at,second_checker_id,decided_by_id,decided_at,'
        'decision_reason,description,posting_id}';
    least_needed smallint;
begin
    if tg_op = 'INSERT' then
        select b.approvals_needed into least_needed from public.accounts_approvalband b
        where b.action in (new.action, '') and b.from_amount <= coalesce(new.amount, 0)
        order by b.action desc, b.from_amount desc limit 1;
        if new.state <> 'PENDING' or new.checker_id is not null or new.posting_id is not null then
            raise exception using errcode = '23514', constraint = 'approval_begins_undecided',
                message = 'a proposal begins with nothing decided';
        elsif new.approvals_needed < coalesce(least_needed, 2) then
            raise exception using errcode = '23514', constraint = 'approval_of_its_band',
                message = format('this amount takes %s checkers', least_needed);
        end if;
    elsif old.state <> 'PENDING' then
        raise exception using errcode = 'ALJ02', message = 'what was decided stands',
            hint = 'Propose it anew.';
    elsif to_jsonb(new) - decision <> to_jsonb(old) - decision
        or (old.checker_id is not null and new.checker_id is distinct from old.checker_id) then
        raise exception using errcode = 'ALJ02', message = 'a proposal is frozen as it was made',
            hint = 'Withdraw it and propose another.';
    end if;
    return new;
end
$$;

create trigger guard before insert or update on public.accounts_approval
    for each row execute function public.accounts_approval_guard();
create trigger append_only before delete on public.accounts_approval
    for each row execute function core.append_only();
create trigger no_truncate before truncate on public.accounts_approval
    for each statement execute function core.append_only();
create trigger append_only before update or delete on public.accounts_approvalband
    for each row execute function core.append_only();
create trigger no_truncate before truncate on public.accounts_approvalband
    for each statement execute function core.append_only();
