"""What staff pages are made of: lists and object pages that show everything and change nothing.

`ReadOnlyAdmin` refuses to add, change and delete for everybody, superusers included. Its lists go newest
first by key, a page at a time from where the last page ended, so they cost the same at any size: nothing is
counted, nothing skipped.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.core.exceptions import FieldDoesNotExist, PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.db.models.expressions import Combinable
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7_at
from core.templatetags.money import money, signed_money

BEFORE, AFTER = "before", "after"
EMPTY = "–"


class Figure(SafeString):
    """An amount as staff see it."""


@dataclass(frozen=True)
class Panel:
    """A table on an object's page: what hangs on the object. `more` is the address of the whole list."""

    title: str | Promise
    columns: Sequence[str | Promise]
    rows: Sequence[Sequence[Any]]
    more: str = ""

    @property
    def heads(self) -> list[tuple[str | Promise, bool]]:
        """Each column, and whether figures stand in it: those end where their heading does."""
        return [
            (name, any(isinstance(row[place], Figure | int | Decimal) for row in self.rows))
            for place, name in enumerate(self.columns)
        ]

    @property
    def cells(self) -> list[list[tuple[Any, bool]]]:
        """Each row's cells, and whether they stand in a column of figures."""
        figures = [is_figure for _name, is_figure in self.heads]
        return [list(zip(row, figures, strict=True)) for row in self.rows]


class NewestFirst(ChangeList):
    """A list that pages by key: `before` and `after` name the key at which the neighbouring page ended."""

    model_admin: "ReadOnlyAdmin"
    older_url = newer_url = ""
    key = "pk"

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        self.before, self.after = (
            self.filter_params.pop(name, [""])[0] and self.params.pop(name) for name in (BEFORE, AFTER)
        )
        self.key = self.model_admin.page_key(request)
        return super().get_queryset(request, exclude_parameters)

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[str | Combinable]:
        return [f"-{self.key}"]

    def get_results(self, request: HttpRequest) -> None:
        try:
            rows, newer, older = self._page(self.list_per_page)
        except (ValidationError, ValueError, OverflowError) as error:
            raise IncorrectLookupParameters(error) from error
        self.result_list, self.result_count = rows, len(rows)
        self.full_result_count, self.show_full_result_count = None, False
        self.can_show_all = self.multi_page = self.show_admin_actions = False
        self.paginator = None
        if rows and newer:
            self.newer_url = self.get_query_string({AFTER: str(getattr(rows[0], self.key))})
        if rows and older:
            self.older_url = self.get_query_string({BEFORE: str(getattr(rows[-1], self.key))})

    def _page(self, size: int) -> tuple[list[Any], bool, bool]:
        if self.after:
            rows = list(
                self.queryset.filter(**{f"{self.key}__gt": self.after}).order_by(self.key)[: size + 1]
            )
            return rows[:size][::-1], len(rows) > size, True
        queryset = self.queryset.filter(**{f"{self.key}__lt": self.before}) if self.before else self.queryset
        rows = list(queryset[: size + 1])
        return rows[:size], bool(self.before), len(rows) > size


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows to look at, not to touch. A subclass says what to show and how to find a row."""

    shown: ClassVar[Sequence[Any]] = ()
    # Filters that links of ours carry, beside those that the list offers.
    linked_by: ClassVar[Sequence[str]] = ()
    # Whether its list shows who people are, so that whoever opens it is written down.
    personal: ClassVar[bool] = False
    actions = None
    change_list_template = "admin/read_only_list.html"
    change_form_template = "admin/read_only_object.html"
    list_per_page = 100
    show_facets = admin.ShowFacets.NEVER
    show_full_result_count = False
    sortable_by = ()
    search_fields = ("pk",)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Only what the list itself offers: any other column, masked or secret, could be guessed letter by letter."""
        name = lookup.partition("__")[0]
        return (
            not _is_column(self.model, name)
            or lookup in self.linked_by
            or any(lookup in _parameters_of(each) for each in self.get_list_filter(request))  # type: ignore[arg-type]
        )

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        """A row is asked for by its key only."""
        return False

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        return list(self.shown)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return NewestFirst

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        return (self.find(queryset, term) if term else queryset), False

    def page_key(self, request: HttpRequest) -> str:
        """Return the unique field by which the list is ordered and paged."""
        return "pk"

    def find(self, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        """Return the rows that a search asks for: by id, unless a subclass knows more."""
        key = as_uuid(term)
        return queryset.filter(pk=key) if key else queryset.none()

    def panels(self, obj: Any) -> Iterable[Panel]:
        """Return the tables that stand below the object's own fields."""
        return ()

    def panels_for(self, request: HttpRequest, obj: Any) -> Iterable[Panel]:
        """As `panels`, for whoever asks: where a table shows rows that not everybody who sees the object may."""
        return self.panels(obj)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        answer = super().changelist_view(request, extra_context)
        term, site = request.GET.get(SEARCH_VAR, ""), self.admin_site
        if answer.status_code == HTTPStatus.OK and (self.personal or site.names_somebody(term)):  # type: ignore[attr-defined]
            site.note_list(request, self.model)  # type: ignore[attr-defined]
        return answer

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        obj, site = kwargs["obj"], self.admin_site
        context["panels"] = [*self.panels_for(request, obj), *site.history_of(obj)]  # type: ignore[attr-defined]
        context["history_url"] = site.history_url(request, obj)  # type: ignore[attr-defined]
        context["staff_name"] = context["subtitle"] = named(obj)
        return super().render_change_form(request, context, *args, **kwargs)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What became of an object stands in the audit trail, whoever changed it and by whatever way."""
        obj = self.get_object(request, object_id)
        if obj is None or not self.has_view_permission(request, obj):
            raise PermissionDenied
        trail = self.admin_site.history_url(request, obj)  # type: ignore[attr-defined]
        return HttpResponseRedirect(trail or page_of(self.model, obj.pk))


class When(admin.SimpleListFilter):
    """Rows made on a day or since one, told from their UUIDv7 key: a range of the primary key at any size."""

    title = _("made")
    parameter_name = "when"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("today", _("Today")),
            ("yesterday", _("Yesterday")),
            ("7", _("7 days")),
            ("30", _("30 days")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted, today = self.value(), timezone.localdate()
        if not wanted:
            return queryset
        if wanted in ("7", "30"):
            return queryset.filter(pk__gte=uuid7_at(start_of(today - timedelta(days=int(wanted) - 1))))
        days = {"today": today, "yesterday": today - timedelta(days=1)}
        try:
            day = days.get(wanted) or date.fromisoformat(wanted)
            bounds = uuid7_at(start_of(day)), uuid7_at(start_of(day + timedelta(days=1)))
        except (ValueError, OverflowError) as error:
            raise IncorrectLookupParameters(error) from error
        return queryset.filter(pk__gte=bounds[0], pk__lt=bounds[1])


def start_of(day: date) -> datetime:
    """Return the first moment of a day, in the operator's time zone."""
    return timezone.make_aware(datetime.combine(day, time.min))


def as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text.strip())
    except ValueError:
        return None


def amount_of(
    name: str, label: Any, *, currency: str = "currency_id", sign: bool = False
) -> Callable[[Any], str]:
    """A column with an amount of minor units, aligned to the right by its name."""

    @admin.display(description=label)
    def column(obj: Any) -> SafeString | str:
        return amount(getattr(obj, name), _follow(obj, currency), sign=sign)

    column.__name__ = _name(name, "money")
    return column


def amount(value: int | None, currency: str, *, sign: bool = False) -> SafeString | str:
    if value is None:
        return EMPTY
    shown = (signed_money if sign else money)(value, currency)
    return Figure(format_html('<span class="amount">{}</span>', shown))


def time_of(name: str, label: Any) -> Callable[[Any], str]:
    """A column with a moment to the second, in the operator's time zone."""

    @admin.display(description=label)
    def column(obj: Any) -> SafeString | str:
        return moment(_follow(obj, name))

    column.__name__ = _name(name, "time")
    return column


def moment(value: datetime | None) -> SafeString | str:
    if value is None:
        return EMPTY
    local = timezone.localtime(value)
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), date_format(local, "Y-m-d H:i:s"))


def link_of(name: str, label: Any) -> Callable[[Any], str]:
    """A column with a link to the row that a foreign key names."""

    @admin.display(description=label)
    def column(obj: Any) -> SafeString | str:
        target = _follow(obj, name)
        return link(target) if target else EMPTY

    column.__name__ = _name(name, "link")
    return column


def yes_no(name: str, label: Any) -> Callable[[Any], str]:
    """A column that says a truth in words."""

    @admin.display(description=label)
    def column(obj: Any) -> str:
        return gettext("Yes") if getattr(obj, name) else gettext("No")

    column.__name__ = _name(name, "shown")
    return column


def title_of(label: Any) -> Callable[[Any], str]:
    """A column with what staff call the row."""

    @admin.display(description=label)
    def title(obj: Any) -> str:
        return named(obj)

    return title


def link(target: Model, text: Any = None) -> SafeString:
    return anchor(page_of(type(target), target.pk), text or named(target))


def named(obj: Model) -> str:
    """How staff name an object: what a person is reached by stays masked."""
    return str(getattr(obj, "staff_name", obj))


def link_to_row(model: type[Model], key: Any) -> SafeString:
    """A link by key alone, for lists that do not look up what they name."""
    return anchor(page_of(model, key), key)


def anchor(address: str, text: Any) -> SafeString:
    return format_html('<a href="{}">{}</a>', address, text)


def page_of(model: type[Model], key: Any) -> str:
    """Return the address of a row's page."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[key])


def list_of(model: type[Model], **filters: Any) -> str:
    """Return the address of a list, filtered."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{address}?{urlencode(filters)}" if filters else address


def pretty(data: Any) -> SafeString:
    """JSON as people read it."""
    return format_html(
        '<pre tabindex="0">{}</pre>', json.dumps(data, indent=2, ensure_ascii=False, sort_keys=True)
    )


def _is_column(model: type[Model], name: str) -> bool:
    """Whether a name is one that a query could follow; of others the admin itself says that they are wrong."""
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True


def _parameters_of(list_filter: Any) -> set[str]:
    """The names by which one filter of a list stands in an address."""
    if isinstance(list_filter, str):
        return {list_filter, *(f"{list_filter}__{how}" for how in ("exact", "isnull"))}
    if isinstance(list_filter, tuple):
        return {f"{list_filter[0]}__{how}" for how in ("gte", "lt", "isnull")}
    return {list_filter.parameter_name}


def _name(path: str, kind: str) -> str:
    return f"{path.replace('.', '_')}_{kind}"


def _follow(obj: Any, path: str) -> Any:
    for name in path.split("."):
        obj = getattr(obj, name)
    return obj
