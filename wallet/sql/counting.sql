-- What counts towards limits, and in which day. Reverse: drop.sql.

-- Whether a transaction of this kind counts towards limits. The one list: what a customer cannot choose to do, or what
-- stays theirs, does not. Customers themselves post nothing but TRANSFER.
create or replace function wallet.counts(p_kind text) returns boolean
language sql immutable
return p_kind not in (
    'FEE', 'GATEWAY_FEE', 'VAT', 'STAMP_DUTY', 'LEVY', 'REVERSAL', 'RETURN', 'REFUND', 'CHARGEBACK', 'ADJUSTMENT', 'INTEREST', 'WITHHOLDING_TAX',
    'BONUS', 'CLAWBACK', 'RELEASE', 'SAVING', 'UNSAVING', 'LOAN_PAYOUT', 'LOAN_PRINCIPAL', 'LOAN_INTEREST', 'LOAN_FEE',
    'LOAN_PENALTY', 'LOAN_OVERPAID', 'LOAN_REFUND', 'LOAN_RECOVERY', 'LOAN_COMMISSION');

-- The Lagos day of a moment, and when it ends. Lagos keeps one time all year, so a day has 24 hours.
create or replace function wallet.day_of(p_at timestamptz) returns date
language sql immutable
return (p_at at time zone 'Africa/Lagos')::date;

create or replace function wallet.day_end(p_at timestamptz) returns timestamptz
language sql immutable
return ((p_at at time zone 'Africa/Lagos')::date + 1)::timestamp at time zone 'Africa/Lagos';

-- Whether what happened then counts in the day that ends at p_until.
create or replace function wallet.in_day(p_at timestamptz, p_until timestamptz) returns boolean
language sql stable
return p_at >= p_until - interval '24 hours' and p_at < p_until;

-- What each counted account has used of the day it counts in, by the books alone: on the DEBIT side what went out at once and
-- what was set aside, however it ended, on the CREDIT side what came in; without what was reversed.
create or replace function wallet.used() returns table (account uuid, sent bigint, received bigint)
language sql stable set search_path = ''
begin atomic
    select a.id, coalesce(sum(u.amount) filter (where u.side = 'DEBIT'), 0)::bigint,
        coalesce(sum(u.amount) filter (where u.side = 'CREDIT'), 0)::bigint
    from public.wallet_account a
    left join (
        select s.account, s.side, t.amount - wallet.taken_back(t.id) as amount, t.recorded_at as at
        from public.wallet_transaction t
        cross join lateral (values ('DEBIT', t.debit_account_id), ('CREDIT', t.credit_account_id)) s (side, account)
        where wallet.counts(t.kind) and t.recorded_at > clock_timestamp() - interval '48 hours'
            and (s.side = 'CREDIT' or t.hold_id is null)
            and not exists (select from public.wallet_reversal r where r.posting_id = t.posting_id)
        union all
        select h.account_id, 'DEBIT', case h.state when 'OPEN' then h.counted else h.counted_committed end
            - coalesce((
                select sum(case when r.posting_id is null then wallet.taken_back(t.id) else t.amount end)
                from public.wallet_transaction t
                left join public.wallet_reversal r on r.posting_id = t.posting_id
                where t.hold_id = h.id and wallet.counts(t.kind)), 0)::bigint, h.created_at
        from public.wallet_hold h where h.created_at > clock_timestamp() - interval '48 hours'
    ) u on u.account = a.id and wallet.in_day(u.at, a.counted_until)
    where a.sent is not null
    group by a.id;
end;

-- The account with what a transaction used of today given back, as far as p_amount of it is taken back: on the DEBIT side of
-- the reversal what had come in, on the CREDIT side what had gone out. What a hold used counts in the day it was placed.
create or replace function wallet.given_back(
    p_account public.wallet_account, p_side text, p_transaction uuid, p_amount bigint
) returns public.wallet_account
language plpgsql stable set search_path = '' as $$
declare
    v_counted boolean;
begin
    select wallet.counts(t.kind) and wallet.in_day(
        case when p_side = 'CREDIT' and h.id is not null then h.created_at else t.recorded_at end,
        p_account.counted_until)
    into v_counted
    from public.wallet_transaction t left join public.wallet_hold h on h.id = t.hold_id where t.id = p_transaction;
    if v_counted and p_side = 'DEBIT' then
        p_account.received := p_account.received - least(p_amount, p_account.received);
    elsif v_counted then
        p_account.sent := p_account.sent - least(p_amount, p_account.sent);
    end if;
    return p_account;
end
$$;
