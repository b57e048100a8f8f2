"""The two sides put beside each other, as statements on temporary tables that live for one transaction.

How it is made fast, in the order in which it was found (`manage.py bench reconcile`, docs/reconciliation.md):
- What fits by its reference is not written down: a row for each match costs ten times what finding it does.
- Sums over groups cost five times a plain join. Nearly every group is one row and one transaction, so first rows are
  joined with first transactions as they are; only what does not fit there is summed, with all that is not first.
- `create table as` may use several processes; `insert … select` may not.
"""

# Changes are signed as the account's own balance is. The books are read from where a checkpoint says that they matter.
_CHANGE = "case when t.debit_account_id = %(account)s then t.amount else -t.amount end * %(sign)s"
_BOOKS = """
from wallet_transaction t
where t.xid >= %(xid)s::xid8 and (t.debit_account_id = %(account)s or t.credit_account_id = %(account)s)
    and t.recorded_at >= %(books_since)s and t.recorded_at < %(books_until)s
"""
_ROWS = """
from wallet_gatewayrow r
where r.account_id = %(account)s and r.currency = %(currency)s and r.day >= %(since)s and r.day <= %(until)s
"""

CANDIDATES = f"""
create temporary table candidate on commit drop as
select key, r.change as gateway, t.change as books, r.day, r.at, t.recorded_at
from (select r.key, r.change, r.day, r.at {_ROWS} and r.nth = 0) r
full join (
    select t.posting_id as key, {_CHANGE} as change, t.recorded_at
    {_BOOKS} and t.posting_id >= t.id and t.reverses is null
) t using (key)
where r.change is distinct from t.change
"""

# Further rows of a key, further transactions of a posting, reversals; postings that were matched to another's key; and
# what is a posting of its own and belongs to another: of a payout what the gateway took for it and what came back of
# either, of a refund or a dispute what we bore.
EXTRAS = f"""
create temporary table extra on commit drop as
with tied as (
    select p.posting_id as key, f.further
    from wallet_payout p cross join lateral (
        values (p.gateway_fee_posting_id), (p.return_posting_id), (p.fee_return_posting_id)) f (further)
    where coalesce(p.returned_at, p.settled_at) >= %(books_since)s and p.gateway_id = any (%(gateways)s)
    union all
    select c.posting_id, c.rest_posting_id
    from (
        select posting_id, rest_posting_id, gateway_id, settled_at from wallet_refund
        union all select posting_id, rest_posting_id, gateway_id, resolved_at from wallet_dispute
    ) c
    where c.posting_id is not null and c.rest_posting_id is not null
        and c.settled_at >= %(books_since)s and c.gateway_id = any (%(gateways)s)
)
select r.key, r.change as gateway, null::bigint as books, r.day, r.at, null::timestamptz as recorded_at,
    0::bigint as fee
{_ROWS} and r.nth > 0
union all
select coalesce(t.reverses, t.posting_id), null, {_CHANGE}, null, null, t.recorded_at,
    case when t.reverses is null and t.kind = 'GATEWAY_FEE' then {_CHANGE} else 0 end
{_BOOKS} and (t.posting_id < t.id or t.reverses is not null)
union all
select u.key, null, u.change, null, null, m.posted_at, 0
from wallet_match m
cross join lateral (values (m.key, m.change), (m.posting_id, -m.change)) u (key, change)
where m.account_id = %(account)s and m.undone_at is null and m.posting_id <> m.key
    and m.posted_at >= %(books_since)s and m.posted_at < %(books_until)s
union all
select u.key, null, u.change, null, null, t.recorded_at, case when t.kind = 'GATEWAY_FEE' then u.change else 0 end
from tied p
cross join lateral (
    select p.further as posting_id union all
    select v.reversed_by from wallet_reversal v where v.posting_id = p.further
) f
cross join lateral (
    select {_CHANGE} as change, t.kind, t.recorded_at {_BOOKS}
        and t.id between f.posting_id and (left(f.posting_id::text, 34) || 'ff')::uuid
        and (t.reverses is null or t.reverses = p.further)
) t
cross join lateral (values (p.key, t.change), (p.further, -t.change)) u (key, change)
"""

# First which do not fit, by one sum each; only of those what else a difference has to say.
DIFFERING = """
create temporary table differing on commit drop as
with unequal as materialized (
    select key from (
        select key, coalesce(gateway, 0) - coalesce(books, 0) as gap from candidate
        union all select key, coalesce(gateway, 0) - coalesce(books, 0) from extra
    ) u
    group by key having sum(gap) <> 0
)
select key, sum(gateway)::bigint as gateway, sum(books)::bigint as books, count(gateway)::integer as rows,
    min(gateway) as least, max(gateway) as most, min(day) as day, max(day) as last_day, min(at) as at,
    min(recorded_at) as recorded_at, max(recorded_at) as last_recorded_at, sum(fee)::bigint as fee,
    bool_or(is_first) as is_whole
from (
    select key, true as is_first, gateway, books, day, at, recorded_at, 0 as fee
    from candidate where key in (select key from unequal)
    union all
    select key, false, gateway, books, day, at, recorded_at, fee from extra where key in (select key from unequal)
) u
group by key
"""

# Of groups whose first two fitted each other, and what came further does not fit: those two as well.
WHOLE = """
update differing d
set gateway = coalesce(d.gateway, 0) + f.change, books = coalesce(d.books, 0) + f.change, rows = d.rows + 1,
    least = least(d.least, f.change), most = greatest(d.most, f.change), day = least(d.day, f.day),
    at = least(d.at, f.at)
from differing e
cross join lateral (
    select r.change, r.day, r.at from wallet_gatewayrow r
    where r.key = e.key and r.account_id = %(account)s and r.nth = 0 and r.currency = %(currency)s
        and r.day >= %(since)s and r.day <= %(until)s
    limit 1
) f
where e.key = d.key and not e.is_whole
"""

# What lies wholly in days that are closed was judged then; what is open of it is judged on.
SETTLED = """
delete from differing d
where coalesce(d.last_day < %(live)s, true) and coalesce(d.last_recorded_at < %(live_at)s, true)
    and not exists (
        select from wallet_break b where b.account_id = %(account)s and b.key = d.key and b.state <> 'RESOLVED')
"""

# The gateway was not asked yet about the time in which these were posted.
NOT_DUE = "delete from differing where gateway is null and recorded_at >= %(due_until)s"

# Rows that name no posting beside postings that no row names, of one amount and not far apart. Where so many are alike
# that nobody could tell them apart, none is paired.
PAIRS = """
create temporary table pair on commit drop as
with lone_row as materialized (
    select r.id, r.change, r.at, r.reference, r.description
    from differing d join wallet_gatewayrow r on r.id = d.key and r.key = r.id and r.account_id = %(account)s
    where d.books is null and d.rows = 1
), lone_posting as materialized (
    select d.key, d.books as change, d.recorded_at, t.description,
        regexp_replace(t.description, '^.*[[:space:]]', '') as named
    from differing d
    cross join lateral (select w.description from wallet_transaction w where w.id = d.key limit 1) t
    where d.gateway is null
), crowded as (
    select u.change from (select change from lone_row union all select change from lone_posting) u
    group by u.change having count(*) > 200
), near as (
    select r.id as row_id, p.key as posting_id, p.change, p.recorded_at,
        extract(epoch from greatest(r.at - p.recorded_at, p.recorded_at - r.at)) as apart,
        length(r.reference) >= 6 and position(lower(r.reference) in lower(p.description)) > 0
        or length(p.named) >= 6
            and position(lower(p.named) in lower(r.reference || ' ' || r.description)) > 0 as is_alike
    from lone_row r join lone_posting p on p.change = r.change
    where r.at >= p.recorded_at - make_interval(days => %(days)s)
        and r.at <= p.recorded_at + make_interval(days => %(days)s)
        and r.change not in (select change from crowded)
        and not exists (
            select from wallet_match m where m.row_id = r.id and m.posting_id = p.key and m.undone_at is not null)
        and not exists (
            select from wallet_gatewayrow o where o.key = p.key and o.account_id = %(account)s and o.nth = 0)
)
select n.row_id, n.posting_id, n.change, n.recorded_at, s.amount_points, s.time_points, s.text_points,
    s.amount_points + s.time_points + s.text_points as score
from near n cross join lateral (
    select %(amount_points)s::integer as amount_points,
        round(%(time_points)s * (1 - n.apart / (%(days)s * 86400)))::integer as time_points,
        case when n.is_alike then %(text_points)s::integer else 0 end as text_points
) s
where s.amount_points + s.time_points + s.text_points >= %(suggest_score)s
"""

# Each with the one it fits best, where that one too has none better or as good.
CHOSEN = """
create temporary table chosen on commit drop as
select * from (
    select p.*, max(score) over r as row_best, count(*) over (partition by row_id, score) as row_ties,
        max(score) over q as posting_best, count(*) over (partition by posting_id, score) as posting_ties
    from pair p window r as (partition by row_id), q as (partition by posting_id)
) u
where score >= %(auto_score)s and score = row_best and score = posting_best and row_ties = 1 and posting_ties = 1
"""

MATCH = """
with written as (
    insert into wallet_match (id, account_id, row_id, posting_id, key, change, posted_at, method, score, parts, reason,
        made_by_id, made_at, undone_by_id, undone_at, undone_reason)
    select uuidv7(), %(account)s, row_id, posting_id, posting_id, change, recorded_at, 'SCORED', score,
        jsonb_build_object('amount', amount_points, 'time', time_points, 'text', text_points), '',
        null, %(at)s, null, null, ''
    from chosen
), placed as (
    update wallet_gatewayrow r set key = c.posting_id, nth = 0 from chosen c where r.id = c.row_id
)
delete from differing d using chosen c where d.key in (c.row_id, c.posting_id)
"""

# What somebody explained and what is otherwise now is open again.
OPEN = """
with found as (
    select d.*, case
            when d.books is null then 'MISSING_IN_BOOKS'
            when d.gateway is null then 'MISSING_AT_GATEWAY'
            when d.rows > 1 and d.least = d.most and d.most = d.books then 'DUPLICATE'
            when d.fee <> 0 and d.gateway - d.books = -d.fee then 'FEE'
            when sign(d.gateway) = sign(d.books) and (d.fee <> 0 or d.gateway < d.books)
                and abs(d.gateway - d.books)::numeric * 1000 <= abs(d.books)::numeric * %(fee_permille)s then 'FEE'
            else 'AMOUNT'
        end as kind,
        least(d.day, (d.recorded_at at time zone 'Africa/Lagos')::date) as counts_in,
        coalesce(nullif(r.reference, ''), nullif(r.description, ''), t.description, '') as named
    from differing d
    left join lateral (
        select g.reference, g.description from wallet_gatewayrow g
        where g.key = d.key and g.account_id = %(account)s and g.nth = 0 limit 1
    ) r on d.gateway is not null
    left join lateral (
        select w.description from wallet_transaction w where w.id = d.key limit 1
    ) t on d.gateway is null
), put as (
    insert into wallet_break as b (id, account_id, key, kind, state, gateway_amount, book_amount, currency, day,
        happened_at, reference, explanation, found_at)
    select uuidv7(), %(account)s, key, kind, 'OPEN', gateway, books, %(currency)s, counts_in, least(at, recorded_at),
        left(named, 120), '', %(at)s
    from found
    on conflict (key, account_id) where not (state = 'RESOLVED') do update
    set kind = excluded.kind, gateway_amount = excluded.gateway_amount, book_amount = excluded.book_amount,
        state = 'OPEN', explanation = ''
    where (b.kind, b.gateway_amount, b.book_amount)
        is distinct from (excluded.kind, excluded.gateway_amount, excluded.book_amount)
    returning new.id, new.kind, coalesce(old.state, '') as was, new.gateway_amount, new.book_amount
)
insert into wallet_breakchange (break_found_id, was, state, kind, gateway_amount, book_amount, reason, actor_id, at)
select id, was, 'OPEN', kind, gateway_amount, book_amount, '', %(actor)s, %(at)s from put
"""

# Of rows that were just taken in: they are nothing that a run could add up.
OTHER_CURRENCY = """
with put as (
    insert into wallet_break (id, account_id, key, kind, state, gateway_amount, book_amount, currency, day, happened_at,
        reference, explanation, found_at)
    select uuidv7(), %(account)s, r.id, 'CURRENCY', 'OPEN', r.change, null, r.currency, r.day, r.at,
        coalesce(nullif(r.reference, ''), left(r.description, 120)), '', %(at)s
    from wallet_gatewayrow r where r.id = any (%(rows)s)
    returning *
)
insert into wallet_breakchange (break_found_id, was, state, kind, gateway_amount, book_amount, reason, actor_id, at)
select id, '', 'OPEN', kind, gateway_amount, book_amount, '', %(actor)s, %(at)s from put
"""

RESOLVE = """
with gone as (
    update wallet_break b set state = 'RESOLVED', resolved_at = %(at)s
    where b.account_id = %(account)s and b.state <> 'RESOLVED' and b.kind <> 'CURRENCY'
        and not exists (select from differing d where d.key = b.key)
    returning new.id, new.kind, old.state as was, new.gateway_amount, new.book_amount
)
insert into wallet_breakchange (break_found_id, was, state, kind, gateway_amount, book_amount, reason, actor_id, at)
select id, was, 'RESOLVED', kind, gateway_amount, book_amount, %(reason)s, %(actor)s, %(at)s from gone
"""

# A reference that named nothing then, or a posting that came to be made under another id.
UNPLACED = """
select r.id, r.key, r.source, r.source_id, r.reference
from wallet_break b join wallet_gatewayrow r on r.account_id = b.account_id and r.key = b.key and r.nth = 0
where b.account_id = %(account)s and b.kind = 'MISSING_IN_BOOKS' and b.state <> 'RESOLVED'
    and (r.reference <> '' or r.source_id <> '')
    and not exists (select from wallet_match m where m.row_id = r.id)
order by r.id
"""

PLACE = """
update wallet_gatewayrow r set key = u.key, nth = u.nth
from unnest(%(ids)s::uuid[], %(keys)s::uuid[], %(nths)s::smallint[]) u (id, key, nth) where r.id = u.id
"""
