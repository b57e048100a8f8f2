"""Who may join which private topic: to read is to see its messages, to send is to be let write one."""

from core.rls import Policy

# Nobody but services tells an event.
_SENT = "extension in ('broadcast', 'presence') and private"
OWN = "topic = 'user:' || (select auth.uid())::text"
ORGANIZATION = "topic like 'org:%' and substr(topic, 5) = any (array (select auth.organizations())::text[])"


def audience(name: str, topic: str) -> list[Policy]:
    """The policies that let those whom `topic` (a condition on the column) speaks of read a topic and send to it.

    A change of a row has no topic, so that nobody reads it here: it finds its owners another way.
    """
    return [
        Policy(f"read {name}", "SELECT", using=topic),
        Policy(f"send to {name}", "INSERT", check=f"{_SENT} and {topic}"),
    ]


MESSAGES = [*audience("own topic", OWN), *audience("topics of one's organisations", ORGANIZATION)]

OWN_SUBSCRIPTIONS = [Policy("own", "SELECT", using="user_id = (select auth.uid())")]
