"""How much one socket, one address and one topic may ask for. What goes beyond is refused with the reason that is
documented for clients, and costs nobody else anything.
"""

from time import monotonic

from realtime.models import LONGEST_NAME as LONGEST_NAME

# Of one frame and of one broadcast, in bytes, and of what somebody tells of themselves in a presence.
LARGEST_FRAME = 1024 * 1024
LARGEST_BROADCAST = 256 * 1024
LARGEST_PRESENCE = 16 * 1024
DEEPEST_JSON = 64
# A frame on the wire carries a topic in one length byte, with `realtime:` before its name.
LONGEST_TOPIC = LONGEST_NAME - len("realtime:")
MOST_CHANNELS = 100
MOST_BINDINGS = 20
# Frames and bytes that wait for a slow reader before it is let go.
MOST_QUEUED = 1_000
MOST_QUEUED_BYTES = 4 * 1024 * 1024
# Sockets of one address in one process, and its connections in all: offices share an address.
SOCKETS_OF_ADDRESS = 2_000
CONNECTS = "3000/minute"
# A second's worth, and how many at once: a client that comes back joins all its channels at once.
JOINS, JOINS_AT_ONCE = 50, MOST_CHANNELS
MESSAGES, MESSAGES_AT_ONCE = 100, 500
FRAMES, FRAMES_AT_ONCE = 500, 1_000
PRESENCE_CALLS, PRESENCE_SECONDS = 5, 30
# Seconds: clients send a heartbeat every 25.
SILENCE = 60
RECHECK_RIGHTS = 300

TOO_MANY_CHANNELS = f"ChannelRateLimitReached: Too many channels, a socket has {MOST_CHANNELS}"
TOO_MANY_JOINS = "ClientJoinRateLimitReached: Too many joins per second"
TOO_MANY_MESSAGES = "MessageRateLimitReached: Too many messages per second"
TOO_MANY_CONNECTIONS = "ConnectionRateLimitReached: Too many connections from this address"
TOO_MANY_PRESENCE_CALLS = (
    f"PresenceRateLimitReached: Too many presence calls, {PRESENCE_CALLS} in {PRESENCE_SECONDS} seconds"
)
NO_TOPIC = "TopicNameRequired: A topic is realtime: and the name of a channel"


class Rate:
    """So many in a second, so many at once: a bucket that fills as time passes."""

    __slots__ = ("at", "at_once", "each_second", "left")

    def __init__(self, each_second: float, at_once: int) -> None:
        self.each_second, self.at_once = each_second, at_once
        self.left, self.at = float(at_once), monotonic()

    def take(self) -> bool:
        """Take one; False where none is left."""
        now = monotonic()
        self.left = min(self.at_once, self.left + (now - self.at) * self.each_second)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True
