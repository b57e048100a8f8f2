"""What lies in a bucket, page by page, as whoever acts may see it.

A page costs the same wherever in a folder it begins: files are found by their folder and name in one index, folders by
skipping in that index from one to the next, however much they hold. Row security says what is seen; the rules are read
here only to look nowhere else, since a bucket may hold the folders of everybody.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.db import connection
from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL

from core.actors import AUTHENTICATED, SERVICE, acting_as_service, current_actor
from storage_app.models import BucketRule, Object, ObjectVersion
from storage_app.services.access import READ

Column = Literal["name", "created_at", "updated_at", "last_accessed_at"]
COLUMNS: tuple[Column, ...] = ("name", "created_at", "updated_at", "last_accessed_at")
# Comes after every character that a name may have.
_LAST = "\x7f"
_AT_ONCE = 1_000
_SKIPPING = """
with recursive step (folder) as (
    (select o.folder from storage_app_object o where o.bucket_id = %(bucket)s
     and o.folder > %(from)s and o.folder < %(to)s {owner} order by o.folder {order} limit 1)
    union all
    select (select o.folder from storage_app_object o where o.bucket_id = %(bucket)s
            and {beyond} {owner} order by o.folder {order} limit 1)
    from step where step.folder is not null
)
select {found} from step where folder is not null limit %(limit)s
"""
_FOUND = "%(base)s || split_part(substr(step.folder, length(%(base)s) + 1), '/', 1) || '/'"
_BEYOND = {
    "asc": f"o.folder > {_FOUND} || %(last)s and o.folder < %(to)s",
    "desc": f"o.folder > %(from)s and o.folder < {_FOUND}",
}


@dataclass(frozen=True)
class Order:
    """By what files are sorted; folders come before them, by name."""

    column: Column = "name"
    descending: bool = False

    def fields(self, *, in_folder: bool) -> list[str]:
        """By name, the files of one folder are in the order of the index by folder and name: it is to be taken."""
        first: str = "folder" if in_folder else ""
        columns = [first, "name"] if self.column == "name" else [self.column, "name"]
        return [f"-{column}" if self.descending else column for column in columns if column]


@dataclass(frozen=True)
class Mark:
    """Where a page ended: after this folder, or after the file of this name (and of this time, if sorted by one)."""

    folder: str = ""
    name: str = ""
    time: datetime | None = None


@dataclass(frozen=True)
class Page:
    """Folders by their whole names (`a/b/`), and files; `next` is where the next page begins, if there is one."""

    folders: list[str]
    files: list[Object]
    next: Mark | None = None


@dataclass(frozen=True)
class _Source:
    """Names that whoever acts may see: what lies under the folder `top`, or what belongs to `owner`."""

    top: str = ""
    owner: UUID | None = None


def in_folder(
    *, bucket_id: str, folder: str, search: str = "", order: Order = Order(), limit: int, offset: int = 0
) -> Page:
    """Return what lies in a folder (`a/b/`, or "" for the bucket itself) from `offset` on.

    `search` is how the last part of the name begins, in capitals or not.
    """
    sources = _sources(bucket_id)
    wanted = f"{folder}{search}".lower()
    folders = []
    at_once = _AT_ONCE if search else min(offset + limit, _AT_ONCE)
    for name in _folders(bucket_id, sources, folder, "", Mark(), order, at_once):
        if name.lower().startswith(wanted):
            folders.append(name)
        if len(folders) == offset + limit:
            return Page(folders[offset:], [])
    files = _files(bucket_id, sources, folder, "").order_by(*order.fields(in_folder=True))
    if search:
        files = files.filter(name__istartswith=folder + search)
    start, shown = max(0, offset - len(folders)), folders[offset:]
    if start and order.column == "name":
        # What is left out is counted off in the index alone; only what is shown is fetched.
        last = files.values_list("name", flat=True)[start - 1 : start].first()
        files, start = files.filter(_beyond(order, Mark(name=last or ""), folder)), 0
        if last is None:
            return Page(shown, [])
    return Page(shown, _with_versions(files[start : start + limit - len(shown)]))


def under_prefix(
    *,
    bucket_id: str,
    prefix: str,
    by_folder: bool = False,
    order: Order = Order(),
    limit: int,
    after: Mark = Mark(),
) -> Page:
    """Return the files whose names begin with `prefix`; `by_folder`, those further down are told by their folder."""
    sources = _sources(bucket_id)
    folder, _slash, leaf = prefix.rpartition("/")
    folder += _slash
    folders: list[str] = []
    if by_folder and not after.name:
        for name in _folders(bucket_id, sources, folder, leaf, after, order, limit + 1):
            if len(folders) == limit:
                return Page(folders, [], Mark(folder=folders[-1]))
            folders.append(name)
    left = limit - len(folders)
    if by_folder:
        there = _files(bucket_id, sources, folder, leaf).filter(_beyond(order, after, folder))
        files = list(there.order_by(*order.fields(in_folder=True))[: left + 1])
    else:
        found = [_all(bucket_id, source, prefix) for source in sources]
        files = _merged(found, order, after, left + 1)
    if len(files) <= left:
        return Page(folders, _with_versions(files))
    if not left:
        return Page(folders, [], Mark(folder=folders[-1]))
    last = files[left - 1]
    time = None if order.column == "name" else getattr(last, order.column)
    return Page(folders, _with_versions(files[:left]), Mark(name=last.name, time=time))


def _sources(bucket_id: str) -> list[_Source]:
    """Where in a bucket there may be something for whoever acts."""
    actor, who = current_actor(), BucketRule.Who
    if actor is not None and actor.role == SERVICE:
        return [_Source()]
    with acting_as_service():
        rules = set(BucketRule.objects.filter(bucket=bucket_id, what=READ).values_list("who", flat=True))
    if who.EVERYONE in rules:
        return [_Source()]
    if actor is None or actor.role != AUTHENTICATED:
        return []
    if who.SIGNED_IN in rules:
        return [_Source()]
    found = []
    if who.OWN_FOLDER in rules and actor.user_id:
        found.append(_Source(top=f"{actor.user_id}/"))
    if who.ORGANIZATION_FOLDER in rules:
        found += [_Source(top=f"{id}/") for id in _organizations()]
    if who.OWNER in rules and actor.user_id:
        found.append(_Source(owner=actor.user_id))
    return found


def _organizations() -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute("select auth.organizations()")
        return [id for (id,) in cursor.fetchall()]


def _folders(
    bucket_id: str,
    sources: Sequence[_Source],
    base: str,
    leaf: str,
    after: Mark,
    order: Order,
    at_once: int,
) -> Iterator[str]:
    """Yield the folders right in `base` whose names go on with `leaf`, in order, from the mark on."""
    last = after.folder
    while True:
        found: set[str] = set()
        for source in sources:
            bounds = _bounds(source, base, leaf)
            if bounds:
                between = _left_of(bounds, last, order)
                found.update(_skipping(bucket_id, source, base, between, order, at_once))
        batch = sorted(found, reverse=order.descending)[:at_once]
        yield from batch
        if len(batch) < at_once:
            return
        last = batch[-1]


def _bounds(source: _Source, base: str, leaf: str) -> tuple[str, str] | None:
    """Between which two the folders lie that a source may have in `base`, if any."""
    low, high = base + leaf, base + leaf + _LAST
    if base.startswith(source.top):
        return low, high
    if base:
        return None
    # Right before the folder itself: a full stop is what comes before a slash.
    top = source.top[:-1] + "." + _LAST, source.top + _LAST
    return (max(low, top[0]), min(high, top[1])) if low < top[1] and top[0] < high else None


def _left_of(bounds: tuple[str, str], last: str, order: Order) -> tuple[str, str]:
    """What is left of the bounds beyond the folder that was shown last."""
    low, high = bounds
    if not last:
        return low, high
    return (low, min(high, last)) if order.descending else (max(low, last + _LAST), high)


def _skipping(
    bucket_id: str, source: _Source, base: str, between: tuple[str, str], order: Order, limit: int
) -> list[str]:
    way = "desc" if order.descending else "asc"
    owner = "and o.owner_id = %(owner)s" if source.owner else ""
    query = _SKIPPING.format(owner=owner, order=way, beyond=_BEYOND[way], found=_FOUND)
    facts = {"bucket": bucket_id, "base": base, "from": between[0], "to": between[1], "last": _LAST}
    with connection.cursor() as cursor:
        cursor.execute(query, {**facts, "owner": source.owner, "limit": limit})
        return [name for (name,) in cursor.fetchall()]


def _files(bucket_id: str, sources: Sequence[_Source], folder: str, leaf: str) -> QuerySet[Object]:
    """The files right in a folder whose names go on with `leaf`."""
    there = Object.objects.filter(
        _row(">=", folder, folder + leaf), _row("<", folder, folder + leaf + _LAST), bucket_id=bucket_id
    )
    if any(not source.owner and folder.startswith(source.top) for source in sources):
        return there
    owners = [source.owner for source in sources if source.owner]
    return there.filter(owner_id__in=owners) if owners else there.none()


def _all(bucket_id: str, source: _Source, prefix: str) -> QuerySet[Object]:
    """The files of a source whose names begin with `prefix`, however deep."""
    there = Object.objects.filter(bucket_id=bucket_id)
    if source.owner:
        there = there.filter(owner_id=source.owner)
    if source.top.startswith(prefix):
        prefix = source.top
    elif not prefix.startswith(source.top):
        return there.none()
    return there.filter(name__gte=prefix, name__lt=prefix + _LAST) if prefix else there


def _merged(found: list[QuerySet[Object]], order: Order, after: Mark, limit: int) -> list[Object]:
    """The first files of these beyond the mark, in order, each once."""
    rows: dict[UUID, Object] = {}
    for files in found:
        first = files.filter(_beyond(order, after)).order_by(*order.fields(in_folder=False))[:limit]
        rows.update((one.pk, one) for one in first)
    return sorted(
        rows.values(), key=lambda one: (getattr(one, order.column), one.name), reverse=order.descending
    )[:limit]


def _beyond(order: Order, after: Mark, folder: str | None = None) -> Q | RawSQL:
    if not after.name:
        return Q()
    than = "lt" if order.descending else "gt"
    if order.column == "name" and folder is not None:
        return _row("<" if order.descending else ">", folder, after.name)
    next_name = Q(**{f"name__{than}": after.name})
    if order.column == "name":
        return next_name
    return Q(**{f"{order.column}__{than}": after.time}) | Q(**{order.column: after.time}) & next_name


def _row(than: Literal[">", ">=", "<"], folder: str, name: str) -> RawSQL:
    """A bound in the index by folder and name. Were the folder compared by itself, the planner might take another
    index, and walk through all that lies in the folders below.
    """
    there = "(storage_app_object.folder, storage_app_object.name)"
    return RawSQL(f"{there} {than} (%s, %s)", (folder, name), output_field=BooleanField())


def _with_versions(files: Sequence[Object] | QuerySet[Object]) -> list[Object]:
    """The files with what they hold; who sees a file sees its version, unless the scanner keeps that back."""
    found, actor = list(files), current_actor()
    asks = (actor.role == SERVICE, actor.user_id) if actor else (False, None)
    with acting_as_service():
        versions = ObjectVersion.objects.in_bulk([one.version_id for one in found])
    # One that was replaced or removed just now has none of that name any more.
    there = [one for one in found if one.version_id in versions]
    for one in there:
        one.version = versions[one.version_id]
    return [one for one in there if _given_out(one.version, *asks)]


def _given_out(version: ObjectVersion, is_service: bool, person: UUID | None) -> bool:
    """As the row security of versions says, which is not asked here: it would cost a look for each row."""
    return not version.is_held_back or is_service or (person is not None and version.created_by_id == person)
