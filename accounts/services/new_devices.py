"""A letter to whoever is signed in somewhere new."""

from datetime import datetime
from ipaddress import ip_network

from accounts import audit, letters
from accounts.models import Session
from accounts.templatetags.devices import device
from core.actors import acting_as_service

# As many of a person's latest sign-ins are looked at to tell a known device from a new one.
KNOWN_SIGN_INS = 500


def announce_sign_in(*, session: Session, at: datetime) -> None:
    """Write to a person who signs in with a device, or from a network, that none of their sign-ins had before.

    The very first sign-in is no news to anybody.
    """
    with acting_as_service():
        before = Session.objects.filter(user_id=session.user_id).exclude(pk=session.pk).order_by("-id")
        known = list(before.values_list("user_agent", "ip", "last_ip")[:KNOWN_SIGN_INS])
        if not known:
            return
        devices = {device(user_agent) for user_agent, _ip, _last in known}
        networks = {network_of(ip) for _agent, *ips in known for ip in ips}
        name = device(session.user_agent)
        if name in devices and network_of(session.ip) in networks:
            return
        audit.record(action="accounts.session.new_device", target=session, actor_id=session.user_id)
        letters.send(
            template="security/mail/new_device",
            to=session.user.email,
            device_name=name,
            address=session.ip or "",
            at=at,
            history_url=letters.page("security_history"),
        )


def network_of(address: str | None) -> str:
    """The network an address belongs to: /24, or /48 of IPv6."""
    if not address:
        return ""
    return str(ip_network(f"{address}/{48 if ':' in address else 24}", strict=False))
