"""A file on its way in: kept as a draft, given a mapping, shown, confirmed. It is taken in whole or not at all."""

import hashlib
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from wallet.models import Account, ColumnMapping, RowImport
from wallet.services.reconciliation import files
from wallet.services.reconciliation.importing import count, finish, store

KEPT_DRAFTS = timedelta(days=2)
MOST_DRAFTS = 20


class SameFile(DomainError):
    """`data["import"]` is the import that had this file before."""

    code = "file_taken_in_before"
    kind = "conflict"
    message = _("This very file was taken in before.")


class ImportOver(DomainError):
    code = "import_over"
    kind = "conflict"
    message = _("This import is over. Send the file again.")


class MappingIncomplete(DomainError):
    code = "mapping_incomplete"
    message = _("Say which columns are the date and the amount.")


class MappingNameTaken(DomainError):
    code = "mapping_name_taken"
    kind = "conflict"
    message = _("Another mapping has this name. Choose that one, or give this one another name.")


class LinesAtFault(DomainError):
    code = "lines_at_fault"
    message = _("Some lines cannot be read. Nothing is taken in until every line can.")


class TooManyDrafts(DomainError):
    code = "too_many_drafts"
    kind = "limited"
    message = _("Too many files wait to be confirmed. Finish those, or come back in two days.")


def keep_file(*, account_id: UUID, name: str, content: bytes, by: User, at: datetime) -> RowImport:
    """Keep a file until it is confirmed. Raises FileRefused, SameFile, TooManyDrafts."""
    files.sheet_of(content)
    digest = hashlib.sha256(content).hexdigest()
    with acting_as_service():
        _refuse_known(account_id, digest)
        drafts = RowImport.objects.filter(state=RowImport.State.DRAFT)
        drafts.filter(made_at__lt=at - KEPT_DRAFTS).update(
            state=RowImport.State.FAILED, content=None, ended_at=at
        )
        if drafts.count() >= MOST_DRAFTS:
            raise TooManyDrafts
        draft = RowImport.objects.create(
            account_id=account_id,
            kind=RowImport.Kind.FILE,
            state=RowImport.State.DRAFT,
            name=name[:200],
            sha256=digest,
            content=content,
            made_by=by,
            made_at=at,
        )
        audit.record(action="wallet.rows.file_kept", target=draft, sha256=digest, bytes=len(content))
    return draft


def choose_mapping(*, import_id: UUID, mapping_id: UUID) -> RowImport:
    """Read a draft by a mapping of its account. Raises ImportOver, ColumnMapping.DoesNotExist."""
    with acting_as_service():
        draft = _draft(import_id)
        draft.mapping = ColumnMapping.objects.get(pk=mapping_id, account=draft.account)
        draft.save(update_fields=["mapping"])
    return draft


def make_mapping(*, import_id: UUID, name: str, by: User, at: datetime, **facts: Any) -> RowImport:
    """Save how files of this account are read, and read a draft so.

    `facts` are the mapping's own fields: columns, date_format, zone, in_kobo, decimal_comma. Raises ImportOver,
    MappingIncomplete, MappingNameTaken.
    """
    if files.missing_of(facts["columns"]):
        raise MappingIncomplete
    with acting_as_service():
        draft = _draft(import_id)
        mapping = ColumnMapping(account=draft.account, name=name, made_by=by, made_at=at, **facts)
        try:
            with transaction.atomic():
                mapping.save(force_insert=True)
        except IntegrityError as error:
            raise MappingNameTaken from error
        audit.record(action="wallet.rows.mapping_made", target=mapping, columns=mapping.columns)
        draft.mapping = mapping
        draft.save(update_fields=["mapping"])
    return draft


def read_draft(*, import_id: UUID) -> tuple[RowImport, files.Sheet, files.Parsed | None]:
    """Return a draft, its table, and what it says where it has a mapping. Raises ImportOver."""
    with acting_as_service():
        draft = _draft(import_id)
        sheet = files.sheet_of(bytes(draft.content or b""))
        currency = draft.account.currency_id
        parsed = files.parse(sheet=sheet, mapping=draft.mapping, currency=currency) if draft.mapping else None
    return draft, sheet, parsed


def confirm_file(*, import_id: UUID, by: User, at: datetime) -> RowImport:
    """Take a draft in, all of it. Raises ImportOver, LinesAtFault, SameFile, and what reading it raises."""
    with acting_as_service():
        draft = RowImport.objects.select_for_update(of=("self",)).get(pk=import_id)
        if draft.state != RowImport.State.DRAFT or draft.mapping is None:
            raise ImportOver
        parsed = files.parse(
            sheet=files.sheet_of(bytes(draft.content or b"")),
            mapping=draft.mapping,
            currency=draft.account.currency_id,
        )
        if parsed.fault_count:
            raise LinesAtFault
        days = [timezone.localdate(row.at) for row in parsed.rows]
        draft.since, draft.until = min(days), max(days) + timedelta(days=1)
        draft.state, draft.made_by = RowImport.State.RUNNING, by
        try:
            with transaction.atomic():
                draft.save(update_fields=["since", "until", "state", "made_by"])
        except IntegrityError:
            _refuse_known(draft.account_id, draft.sha256)
            raise
        count(draft, store(row_import=draft, rows=parsed.rows))
        return finish(draft, at=at)


def _draft(import_id: UUID) -> RowImport:
    draft = RowImport.objects.select_related("account", "mapping").filter(pk=import_id).first()
    if draft is None or draft.state != RowImport.State.DRAFT:
        raise ImportOver
    return draft


def _refuse_known(account_id: UUID, digest: str) -> None:
    states = (RowImport.State.RUNNING, RowImport.State.DONE)
    known = RowImport.objects.filter(account=account_id, sha256=digest, state__in=states).first()
    if known is not None:
        raise SameFile(**{"import": str(known.pk)})


def accounts_with_rows() -> list[Account]:
    """Return the accounts that stand for money elsewhere, and so have another side."""
    with acting_as_service():
        return list(
            Account.objects.filter(kind=Account.Kind.CLEARING, owner=None).order_by("code", "currency_id")
        )
