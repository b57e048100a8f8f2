"""Finding what is on sale: by words, misspelt ones too, narrowed by facets, a page at a time.

It acts as the service and names itself what is on sale: beneath row security no index for words would be used, since
its operators could give hidden rows away. A search is two statements, whatever it finds: a page of hits, and facets.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import connection

from core.actors import acting_as_service
from marketplace.refusals import SearchInvalid

LONGEST_QUERY = 100
PAGE, MOST = 24, 100
MOST_CHOICES = 20
# How alike part of a title must be to what was typed where no word fits, by the threes of letters that both have.
ALIKE = 0.36


class Order(StrEnum):
    RELEVANCE = "relevance"
    NEWEST = "newest"
    CHEAPEST = "cheapest"
    DEAREST = "dearest"
    BEST = "best"


# What each order sorts by, the largest first; ties go by the product's id.
_KEYS = {
    Order.RELEVANCE: "h.rank",
    Order.NEWEST: "extract(epoch from h.live_at)",
    Order.CHEAPEST: "-h.lowest_price::numeric",
    Order.DEAREST: "h.lowest_price::numeric",
    Order.BEST: "coalesce(h.stars, 0)",
}


@dataclass(frozen=True)
class Filters:
    """What narrows a search: a category's path, prices in kobo, sellers, the fewest stars, only what is in stock."""

    category: str = ""
    least: int | None = None
    most: int | None = None
    sellers: Sequence[UUID] = ()
    stars: int | None = None
    in_stock: bool = False


@dataclass(frozen=True)
class Hit:
    """A product as a list shows it; `price` is kobo, what its cheapest variant costs today."""

    id: UUID
    title: str
    price: int
    seller_id: UUID
    seller: str
    stars: Decimal | None
    reviews: int
    in_stock: bool
    picture: str


@dataclass(frozen=True)
class Choice:
    """A value that a facet offers, by the name that is shown, and how many hits there would be."""

    value: str
    name: str
    many: int


@dataclass(frozen=True)
class Facets:
    """What the hits could be narrowed to: each facet counts as if nothing were chosen in it. Prices are kobo."""

    categories: list[Choice] = field(default_factory=list)
    sellers: list[Choice] = field(default_factory=list)
    stars: list[Choice] = field(default_factory=list)
    in_stock: int = 0
    lowest: int | None = None
    highest: int | None = None
    total: int = 0


@dataclass(frozen=True)
class Found:
    """`cursor` leads to the next page; empty where there is none."""

    hits: list[Hit]
    facets: Facets
    cursor: str


# What is found, and whether each filter lets it through.
_FOUND = """
with asked as materialized (
    select websearch_to_tsquery('pg_catalog.english', unaccent(%(query)s)) as words, unaccent(%(query)s) as letters
), matched as (
    {matched}
), h as (
    select m.*, s.display_name as seller, c.path as path, c.name as category,
        (%(category)s = '' or c.path = %(category)s or starts_with(c.path, %(category)s || '/')) as in_category,
        (%(sellers)s::uuid[] = '{{}}' or m.seller_id = any (%(sellers)s)) as of_seller,
        (%(least)s::bigint is null or m.lowest_price >= %(least)s)
            and (%(most)s::bigint is null or m.lowest_price <= %(most)s) as in_price,
        (%(stars)s::int is null or m.stars >= %(stars)s) as has_stars,
        exists (select from marketplace_variant v where v.product_id = m.id and v.is_open and v.stock > v.reserved)
            as in_stock
    from matched m join marketplace_seller s on s.id = m.seller_id join marketplace_category c on c.id = m.category_id
    where s.state = 'APPROVED'
)
"""
_COLUMNS = "p.id, p.title, p.seller_id, p.category_id, p.lowest_price, p.stars, p.reviews_count, p.live_at"
_ALL = f"select {_COLUMNS}, 0::real as rank from marketplace_product p where p.state = 'LIVE'"
# Where no product has the words, those whose titles are spelt like them. Each reads an index of its own.
_BY_WORDS = f"""
    with exact as (
        select {_COLUMNS}, (1 + ts_rank_cd(p.words, a.words))::real as rank
        from marketplace_product p, asked a where p.state = 'LIVE' and p.words @@ a.words
    )
    select * from exact
    union all
    select {_COLUMNS}, word_similarity(a.letters, p.title) as rank from marketplace_product p, asked a
    where p.state = 'LIVE' and a.letters <%% p.title and not exists (select from exact)
"""
_PAGE = """
select h.id, h.title, h.lowest_price, h.seller_id, h.seller, h.stars, h.reviews_count, h.in_stock,
    coalesce((
        select i.name from marketplace_picture i where i.product_id = h.id order by i.position, i.id limit 1), ''),
    ({key})::text
from h
where h.in_category and h.of_seller and h.in_price and h.has_stars and (h.in_stock or not %(in_stock)s)
    and (%(after)s::uuid is null or ({key}, h.id) < ({cast}, %(after)s))
order by {key} desc, h.id desc limit %(limit)s
"""
_FACETS = """
, wanted as (select *, (h.in_stock or not %(in_stock)s) as has_stock from h)
(select 'category', w.path, w.category, count(*) from wanted w
    where w.of_seller and w.in_price and w.has_stars and w.has_stock group by 2, 3 order by 4 desc, 2 limit %(choices)s)
union all
(select 'seller', w.seller_id::text, w.seller, count(*) from wanted w
    where w.in_category and w.in_price and w.has_stars and w.has_stock
    group by 2, 3 order by 4 desc, 2 limit %(choices)s)
union all
select 'stars', n::text, n::text, count(w.id) from generate_series(4, 1, -1) n
    left join wanted w on w.stars >= n and w.in_category and w.of_seller and w.in_price and w.has_stock group by n
union all
select 'stock', '', '', count(*) from wanted w
    where w.in_category and w.of_seller and w.in_price and w.has_stars and w.in_stock
union all
select 'price', min(w.lowest_price)::text, max(w.lowest_price)::text, count(*) from wanted w
    where w.in_category and w.of_seller and w.has_stars and w.has_stock
union all
select 'total', '', '', count(*) from wanted w
    where w.in_category and w.of_seller and w.in_price and w.has_stars and w.has_stock
"""


def search(
    *,
    query: str = "",
    filters: Filters = Filters(),
    order: Order | None = None,
    cursor: str = "",
    limit: int = PAGE,
) -> Found:
    """Return a page of what is on sale, with the facets of all of it. Raises SearchInvalid, with the field.

    Without an `order` what fits best comes first, and without a query what is newest.
    """
    query = " ".join(query.replace("\0", " ").split())
    order = order or (Order.RELEVANCE if query else Order.NEWEST)
    if len(query) > LONGEST_QUERY:
        raise SearchInvalid(field="query")
    if not 1 <= limit <= MOST:
        raise SearchInvalid(field="limit")
    key, after = _read(cursor, order)
    facts = {
        "query": query,
        "category": filters.category,
        "least": filters.least,
        "most": filters.most,
        "sellers": list(filters.sellers),
        "stars": filters.stars,
        "in_stock": filters.in_stock,
        "key": key,
        "after": after,
        "limit": limit + 1,
        "choices": MOST_CHOICES,
    }
    page, facets = statements(query=query, order=order)
    with acting_as_service(), connection.cursor() as database:
        database.execute("select set_config('pg_trgm.word_similarity_threshold', %s, true)", [str(ALIKE)])
        database.execute(page, facts)
        rows = database.fetchall()
        database.execute(facets, facts)
        told = _facets(database.fetchall())
    hits = [Hit(*row[:-1]) for row in rows[:limit]]
    more = _written(order, rows[limit - 1][-1], hits[-1].id) if len(rows) > limit else ""
    return Found(hits, told, more)


def statements(*, query: str, order: Order) -> tuple[str, str]:
    """Return the two statements of a search: a page of its hits, and their facets."""
    found = _FOUND.format(matched=_BY_WORDS if query else _ALL)
    key = _KEYS[order]
    cast = "%(key)s::real" if order is Order.RELEVANCE else "%(key)s::numeric"
    return found + _PAGE.format(key=key, cast=cast), found + _FACETS


def _facets(rows: list[tuple[Any, ...]]) -> Facets:
    of: dict[str, list[Choice]] = {kind: [] for kind in ("category", "seller", "stars")}
    facts: dict[str, Any] = {}
    for kind, value, name, many in rows:
        if kind in of:
            of[kind].append(Choice(value, name, many))
        elif kind == "price":
            facts |= {"lowest": value and int(value), "highest": name and int(name)}
        else:
            facts["in_stock" if kind == "stock" else "total"] = many
    for choices in of.values():
        choices.sort(key=lambda choice: (-choice.many, choice.name))
    of["stars"].sort(key=lambda choice: choice.value, reverse=True)
    return Facets(categories=of["category"], sellers=of["seller"], stars=of["stars"], **facts)


def _written(order: Order, key: str, product_id: UUID) -> str:
    return urlsafe_b64encode(f"{order}|{key}|{product_id}".encode()).decode().rstrip("=")


def _read(cursor: str, order: Order) -> tuple[str | None, UUID | None]:
    """Read where a page ended. Raises SearchInvalid for one that is none, or of another order."""
    if not cursor:
        return None, None
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        name, key, product_id = text.split("|")
        if name != order or not Decimal(key).is_finite():
            raise SearchInvalid(field="cursor")
        return key, UUID(product_id)
    except (ValueError, ArithmeticError) as error:
        raise SearchInvalid(field="cursor") from error
