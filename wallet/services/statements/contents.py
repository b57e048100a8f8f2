"""What a statement says, to the letter: its hash, its sums and the names on it, gathered while its lines go by once."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date
from typing import Any
from uuid import UUID

from wallet.models import Account
from wallet.services.counterparties import parties_of
from wallet.services.merchants.names import merchants_named
from wallet.services.statements.lines import CHUNK, Line, Versions, start_of

FORMAT = 1


class StatementDoesNotAddUp(Exception):
    """Opening, lines and closing do not belong together: a fault of the books or of who read them, never a refusal."""


@dataclass
class Contents:
    """Takes lines in the order of their versions; `finish` then says that they lead from opening to closing.

    Each line must follow from the one before: its version is the next, its balance the one before and its change.
    """

    account: Account
    since: date
    until: date
    versions: Versions
    names: dict[str, str] = field(default_factory=dict)
    money_in: int = 0
    money_out: int = 0
    by_kind: dict[str, dict[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._hash = hashlib.sha256()
        self._version, self._balance = self.versions.first - 1, self.versions.opening
        self._kinds: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        self._start = start_of(self.since)
        self._take_in(
            [
                FORMAT,
                str(self.account.pk),
                self.account.currency_id,
                self.since.isoformat(),
                self.until.isoformat(),
            ]
        )

    def take(self, line: Line) -> None:
        """Raises StatementDoesNotAddUp."""
        if (line.version, line.balance) != (self._version + 1, self._balance + line.change):
            raise StatementDoesNotAddUp(f"account {self.account.pk} breaks at version {line.version}")
        self._version, self._balance = line.version, line.balance
        money_in, money_out = max(line.change, 0), max(-line.change, 0)
        self.money_in += money_in
        self.money_out += money_out
        of_kind = self._kinds[line.kind]
        of_kind[0] += money_in
        of_kind[1] += money_out
        of_kind[2] += 1
        self._take_in(
            [
                line.version,
                str(line.transaction_id),
                line.kind,
                line.change,
                line.balance,
                line.effective_at.astimezone(UTC).isoformat(),
                line.recorded_at.astimezone(UTC).isoformat(),
                self.names.get(str(line.counterparty_id), ""),
                line.description,
                line.is_late(self._start),
            ]
        )

    def finish(self) -> str:
        """Return the hash of all of it. Raises StatementDoesNotAddUp."""
        closing = self.versions.opening + self.money_in - self.money_out
        if (self._version, self._balance) != (
            self.versions.last,
            self.versions.closing,
        ) or closing != self._balance:
            raise StatementDoesNotAddUp(f"account {self.account.pk} ends at version {self._version}")
        self.by_kind = {
            kind: {"in": sums[0], "out": sums[1], "count": sums[2]}
            for kind, sums in sorted(self._kinds.items())
        }
        self._take_in(
            [
                self.versions.first,
                self.versions.last,
                self.versions.opening,
                self.money_in,
                self.money_out,
                closing,
            ]
        )
        return self._hash.hexdigest()

    def _take_in(self, facts: list[Any]) -> None:
        self._hash.update(json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")


def names_of(account_ids: Iterable[UUID]) -> dict[str, str]:
    """Return the names of whoever owns these accounts as they are now, in a few queries; the operator's have none."""
    wanted = list(set(account_ids))
    found: dict[str, str] = {}
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        parties, merchants = parties_of(account_ids=chunk), merchants_named(account_ids=chunk)
        found |= {str(pk): party.display_name for pk, party in parties.items()}
        found |= {str(pk): name for pk, name in merchants.items()}
    return found
