"""Lists of what lies in a bucket: by folder and offset, or by prefix and cursor."""

import base64
import binascii
import json
from datetime import datetime

from django.http import HttpRequest, HttpResponse

from storage_app.names import LONGEST_NAME
from storage_app.services import listing
from storage_app.services.listing import COLUMNS, Mark, Order
from storage_app.wire.base import StorageView, told
from storage_app.wire.errors import RequestRefused
from storage_app.wire.reading import Body, body_of_request, choice, flag, mapping, number, text
from storage_app.wire.shapes import entry_shape, folder_entry_shape, folder_shape, object_shape

MOST = 1000
DEEPEST = 1_000_000


class List(StorageView):
    """What lies in one folder; `prefix` names it, with a slash at its end or without."""

    def post(self, request: HttpRequest, bucket_id: str) -> HttpResponse:
        body = body_of_request(request)
        folder = text(body, "prefix", "").strip("/")
        # A search may go on below the folder: its last part is what is looked for.
        deeper, _slash, leaf = text(body, "search", "").rpartition("/")
        page = listing.in_folder(
            bucket_id=bucket_id,
            folder="".join(f"{part}/" for part in (folder, deeper.strip("/")) if part),
            search=leaf,
            order=_order(body),
            limit=number(body, "limit", 100, least=1, most=MOST),
            offset=number(body, "offset", 0, least=0, most=DEEPEST),
        )
        return told([*map(folder_entry_shape, page.folders), *map(entry_shape, page.files)])


class ListByCursor(StorageView):
    def post(self, request: HttpRequest, bucket_id: str) -> HttpResponse:
        body = body_of_request(request)
        order = _order(body)
        page = listing.under_prefix(
            bucket_id=bucket_id,
            prefix=text(body, "prefix", ""),
            by_folder=flag(body, "with_delimiter", False),
            order=order,
            limit=number(body, "limit", MOST, least=1, most=MOST),
            after=_mark(text(body, "cursor", ""), order),
        )
        found = {
            "hasNext": page.next is not None,
            "folders": [folder_shape(folder) for folder in page.folders],
            "objects": [object_shape(object) for object in page.files],
        }
        if page.next:
            found["nextCursor"] = _cursor(page.next)
        return told(found)


def _order(body: Body) -> Order:
    sort = mapping(body, "sortBy")
    column = choice(sort, "column", "name", COLUMNS)
    return Order(
        column=next(one for one in COLUMNS if one == column),
        descending=choice(sort, "order", "asc", ("asc", "desc")) == "desc",
    )


def _cursor(mark: Mark) -> str:
    said = [mark.folder, mark.name, mark.time.isoformat() if mark.time else ""]
    return base64.urlsafe_b64encode(json.dumps(said).encode()).decode()


def _mark(cursor: str, order: Order) -> Mark:
    """Where the page before ended. Nothing is opened by it: it only says from where to go on. Raises RequestRefused."""
    if not cursor:
        return Mark()
    try:
        said = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii")))
        folder, name, time = (str(one) for one in said)
        mark = Mark(folder, name, datetime.fromisoformat(time) if time else None)
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise RequestRefused("body/cursor is not valid") from None
    # Sorted by time, a page ended at one; sorted by name, at none.
    timed = mark.time is not None and mark.time.tzinfo is not None
    fits = not name or timed == (order.column != "name")
    plain = all(len(one) <= LONGEST_NAME and one.isascii() and one.isprintable() for one in (folder, name))
    if not fits or not plain:
        raise RequestRefused("body/cursor is not valid")
    return mark
