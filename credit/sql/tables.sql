-- What the models cannot say. Reverse: the tables go with their migration.

alter table public.credit_position set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

create trigger append_only before update or delete or truncate on public.credit_productterms
    for each statement execute function core.append_only();
create trigger append_only before update or delete or truncate on public.credit_commission
    for each statement execute function core.append_only();
create trigger append_only before update or delete or truncate on public.credit_providermove
    for each statement execute function core.append_only();
create trigger append_only before update or delete or truncate on public.credit_statuschange
    for each statement execute function core.append_only();
create trigger append_only before update or delete or truncate on public.credit_fileview
    for each statement execute function core.append_only();
create trigger append_only before update or delete or truncate on public.credit_scorecardversion
    for each statement execute function core.append_only();
create trigger append_only before update or delete or truncate on public.credit_creditscore
    for each statement execute function core.append_only();
create trigger append_only before update or delete or truncate on public.credit_share
    for each statement execute function core.append_only();
create trigger append_only before update or delete or truncate on public.credit_signature
    for each statement execute function core.append_only();
create trigger append_only before update or delete or truncate on public.credit_loantransaction
    for each statement execute function core.append_only();
create trigger append_only before update or delete or truncate on public.credit_payout
    for each statement execute function core.append_only();
create trigger append_only before update or delete or truncate on public.credit_scheduleversion
    for each statement execute function core.append_only();
create trigger append_only before update or delete or truncate on public.credit_instalment
    for each statement execute function core.append_only();
create trigger append_only before update or delete or truncate on public.credit_bucketchange
    for each statement execute function core.append_only();

-- An offer is made while its application is open to offers, before the deadline, and not in the future.
create function credit.bid_in_time() returns trigger
language plpgsql set search_path = '' as $$
begin
    if new.made_at > clock_timestamp() or not exists (
        select from public.credit_application a
        where a.id = new.application_id and a.state in ('LISTED', 'OFFERED') and new.made_at < a.deadline
    ) then
        raise exception using errcode = '23514', constraint = 'bid_in_time',
            message = 'offers for this application are closed';
    end if;
    return null;
end
$$;

create constraint trigger bid_in_time after insert on public.credit_bid
    for each row execute function credit.bid_in_time();
