-- What decides an application, and how documents that look alike are found. Reverse: kyc_queue_drop.sql.

-- A decision is made by who holds the case, on the revision that counts now, and never on one's own.
create function public.accounts_kyc_decision_guard() returns trigger
language plpgsql set search_path = '' as $$
declare
    a record;
begin
    select customer_id, revision, state, claimed_by_id into a
    from public.accounts_kycapplication where id = new.application_id for update;
    if a.customer_id = new.by_id then
        raise exception using errcode = '23514', constraint = 'kyc_not_by_oneself',
            message = 'nobody decides on their own application';
    elsif a.revision <> new.revision then
        raise exception using errcode = '23514', constraint = 'kyc_decision_is_current',
            message = format('this decision is of revision %s, the application at %s', new.revision, a.revision);
    elsif a.state <> 'IN_REVIEW' or a.claimed_by_id is distinct from new.by_id then
        raise exception using errcode = '23514', constraint = 'kyc_decision_of_holder',
            message = 'only who holds the case decides';
    end if;
    return new;
end
$$;
create trigger guard before insert on public.accounts_kycdecision
    for each row execute function public.accounts_kyc_decision_guard();

-- Above tier 2 the two names on an application are backed by what the two wrote, on this very revision.
create function public.accounts_kyc_two_guard() returns trigger
language plpgsql set search_path = '' as $$
begin
    if not exists (
        select from public.accounts_kycdecision d where d.application_id = new.id and d.outcome = 'RECOMMEND'
            and d.by_id = new.recommended_by_id and d.revision = new.revision
    ) or not exists (
        select from public.accounts_kycdecision d where d.application_id = new.id and d.outcome = 'APPROVE'
            and d.by_id = new.decided_by_id and d.revision = new.revision
    ) then
        raise exception using errcode = '23514', constraint = 'kyc_two_decisions_above_tier_2',
            message = 'above tier 2 one person recommends and another approves, on the same revision';
    end if;
    return new;
end
$$;
create trigger two_people before update on public.accounts_kycapplication
    for each row when (new.state = 'APPROVED' and old.state <> 'APPROVED' and new.target_tier > 2)
    execute function public.accounts_kyc_two_guard();

-- A picture's hash in four parts of 16 bits, each with its place. Two hashes that differ in at most 6 bits have a part
-- in which they differ in at most one: whoever asks for the parts and their neighbours finds them by index.
create function public.accounts_picture_parts(hash bigint) returns integer[]
language sql immutable strict parallel safe set search_path = '' as $$
    select array[
        (hash & 65535)::integer,
        ((hash >> 16) & 65535)::integer + 65536,
        ((hash >> 32) & 65535)::integer + 131072,
        ((hash >> 48) & 65535)::integer + 196608
    ]
$$;
create index kyc_document_parts on public.accounts_kycdocument
    using gin (public.accounts_picture_parts(picture_hash)) where picture_hash is not null;

-- Numbers that customers had before, to see whose they were.
create index customerhistory_phone on public.accounts_customerhistory (phone) where phone <> '';
