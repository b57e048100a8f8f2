"""Who the sandbox knows, and what it can do wrong."""

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Person:
    key: str
    name: str
    email: str

    @property
    def subject(self) -> str:
        return f"sandbox-{self.key}"


PEOPLE = {
    person.key: person
    for person in (
        Person("ifeoma", "Ifeoma Eze", "ifeoma@id.test"),
        Person("tunde", "Tunde Bakare", "tunde@id.test"),
        Person("zainab", "Zainab Sani", "zainab@id.test"),
        Person("ada", "Ada Obi", "ada@alajo.test"),
    )
}


class Fault(models.TextChoices):
    NONE = "", _("Nothing")
    UNVERIFIED = "unverified", _("E-mail not confirmed")
    NO_EMAIL = "no_email", _("No e-mail")
    NONCE = "nonce", _("Another nonce")
    AUDIENCE = "audience", _("Meant for another client")
    ISSUER = "issuer", _("From another issuer")
    EXPIRED = "expired", _("Expired token")
    SUBJECT = "subject", _("Profile of somebody else")
    ERROR = "error", _("Error 500")
