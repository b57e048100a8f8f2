"""What staff may look at and do, by group. Doing goes through services, never through the rows themselves."""

from django.contrib.auth.models import Group, Permission

from core.actors import acting_as_service

PEOPLE = ("accounts.user", "accounts.customer", "accounts.profile")
BOOKS = ("wallet.account", "wallet.transaction", "wallet.entry", "wallet.hold")
DEPOSITS = ("wallet.payment", "wallet.webhookevent", "wallet.case")
PROOF = ("wallet.checkpoint", "wallet.seal")
GATEWAYS = ("wallet.paymentgateway",)
TRAIL = ("accounts.auditevent",)

SUPPORT, FINANCE, AUDITOR = "Support", "Finance", "Auditor"
ROLES = {
    SUPPORT: (*PEOPLE, *BOOKS, *DEPOSITS),
    FINANCE: (*BOOKS, *DEPOSITS, *PROOF, *GATEWAYS),
    AUDITOR: (*PEOPLE, *BOOKS, *DEPOSITS, *PROOF, *GATEWAYS, *TRAIL),
}

# What a group may do to a person's account, each time with a reason and after proving who one is.
POWERS = {SUPPORT: ("freeze_customer", "end_sessions", "reset_factors")}


def install_roles() -> dict[str, Group]:
    """Make the groups, or give those that exist exactly these rights; return them by name.

    Raises Permission.DoesNotExist when the database is behind the code.
    """
    with acting_as_service():
        groups = {name: Group.objects.get_or_create(name=name)[0] for name in ROLES}
        for name, models in ROLES.items():
            powers = Permission.objects.filter(
                content_type__app_label="accounts", codename__in=POWERS.get(name, ())
            )
            groups[name].permissions.set([*[_view(model) for model in models], *powers])
    return groups


def _view(label: str) -> Permission:
    app_label, _dot, model = label.partition(".")
    return Permission.objects.get(content_type__app_label=app_label, codename=f"view_{model}")
