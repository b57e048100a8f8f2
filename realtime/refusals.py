"""What a client of sockets is refused: the reasons are matched by programs and never translated."""


class Refused(Exception):
    """Something a client asked for is not done; `reason` is told to it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def may_not_read(topic: str) -> Refused:
    return Refused(f"Unauthorized: You do not have permissions to read from this Channel topic: {topic}")


def may_not_write(topic: str) -> Refused:
    return Refused(f"Unauthorized: You do not have permissions to write to this Channel topic: {topic}")


def bad_token(reason: str) -> Refused:
    return Refused(f"InvalidJWTToken: {reason[:1].upper()}{reason[1:]}")
