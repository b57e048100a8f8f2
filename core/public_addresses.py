"""Which IP addresses lie on the public internet: what may be called for a stranger, and what may not.

The lists are IANA's registries of special-purpose addresses, written down: what Python's `is_global` says differs by
version, and it knows a form that carries another address (IPv4 in IPv6, a tunnel) only by its outside.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_REFUSED_4 = [
    IPv4Network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"),
        *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        # A cloud's own services, at an address that looks like anyone's.
        "168.63.129.16/32",
    )
]
# Nothing outside this is anyone's. So IPv4 in IPv6 clothes, NAT64, loopback, link-local, ULA and multicast are out.
_UNICAST_6 = IPv6Network("2000::/3")
_REFUSED_6 = [
    IPv6Network(network)
    for network in (
        # Teredo and other protocols; examples; 6to4; examples again.
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
        # AS112 and other sinks that answer for nobody.
        "2620:4f:8000::/48",
    )
]


def is_public(address: str) -> bool:
    """Whether an IP address in text is one host's on the public internet. No for whatever is not an address."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        return _is_public_6(found)
    return _is_public_4(found)


def _is_public_4(address: IPv4Address) -> bool:
    return not any(address in network for network in _REFUSED_4)


def _is_public_6(address: IPv6Address) -> bool:
    if address.scope_id is not None or address not in _UNICAST_6:
        return False
    return not any(address in network for network in _REFUSED_6)
