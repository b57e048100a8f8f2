"""What people want to be told, as a form: a row for each kind, a column for each channel."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts import channels
from accounts.models import Channel, NotificationSettings
from accounts.notice_kinds import Kind, kinds_for, wants
from accounts.services.preferences import Choices, Timing

# The zones that people know by a place; the rest are older names of the same.
AREAS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


@dataclass(frozen=True)
class Cell:
    """One kind by one channel: a box to tick, or why there is none."""

    channel: Channel
    box: forms.BoundField | None
    is_locked: bool
    is_on: bool


@dataclass(frozen=True)
class Row:
    kind: Kind
    cells: list[Cell]


class PreferencesForm(forms.Form):
    quiet_from = forms.TimeField(
        label=_("From"), required=False, widget=forms.TimeInput({"type": "time"}, format="%H:%M")
    )
    quiet_until = forms.TimeField(
        label=_("Until"), required=False, widget=forms.TimeInput({"type": "time"}, format="%H:%M")
    )
    zone = forms.ChoiceField(label=_("Your time zone"), choices=lambda: _zones())
    digest = forms.ChoiceField(label=_("Mails"), choices=NotificationSettings.Digest.choices)
    digest_hour = forms.TypedChoiceField(
        label=_("Hour of the daily mail"), coerce=int, choices=[(hour, f"{hour:02}:00") for hour in range(24)]
    )

    def __init__(
        self,
        data: Any = None,
        *,
        chosen: Choices,
        settings: NotificationSettings,
        phone: bool,
        staff: bool,
    ) -> None:
        names = ("quiet_from", "quiet_until", "zone", "digest", "digest_hour")
        super().__init__(data, initial={name: getattr(settings, name) for name in names})
        self.chosen, self.kinds = chosen, kinds_for(staff=staff)
        self.channels = [Channel.IN_APP, *(Channel(channel) for channel in channels.offered())]
        self.phone_missing = Channel.SMS in self.channels and not phone
        for kind, channel in self._open_cells():
            self.fields[f"{kind.code}-{channel}"] = forms.BooleanField(
                required=False, initial=wants(kind, channel, chosen), label=f"{kind.title}: {channel.label}"
            )

    def rows(self) -> list[Row]:
        return [Row(kind, [self._cell(kind, channel) for channel in self.channels]) for kind in self.kinds]

    @property
    def choices(self) -> Choices:
        """What was ticked and what was not; of what is locked or cannot be reached nothing."""
        return {
            (kind.code, channel): self.cleaned_data[f"{kind.code}-{channel}"]
            for kind, channel in self._open_cells()
        }

    @property
    def timing(self) -> Timing:
        facts = self.cleaned_data
        return Timing(
            facts["quiet_from"], facts["quiet_until"], facts["zone"], facts["digest"], facts["digest_hour"]
        )

    def _open_cells(self) -> Iterator[tuple[Kind, Channel]]:
        for kind in self.kinds:
            for channel in self.channels:
                if not kind.is_locked(channel) and not (channel == Channel.SMS and self.phone_missing):
                    yield kind, channel

    def _cell(self, kind: Kind, channel: Channel) -> Cell:
        name = f"{kind.code}-{channel}"
        box = self[name] if name in self.fields else None
        return Cell(channel, box, kind.is_locked(channel), wants(kind, channel, self.chosen))


def _zones() -> list[tuple[str, Any]]:
    names = sorted(name for name in available_timezones() if name.partition("/")[0] in AREAS)
    by_area = groupby(names, key=lambda name: name.partition("/")[0])
    return [("UTC", "UTC")] + [
        (area, [(name, name.partition("/")[2].replace("_", " ")) for name in places])
        for area, places in by_area
    ]
