"""What must not be written to logs."""

import logging

# What a server says of each socket: its address, which holds a key, and that it opened or closed.
_OF_SOCKETS = ('"WebSocket %s"', "connection open", "connection closed")


class WithoutSockets(logging.Filter):
    """Leaves out a server's lines on sockets that come and go, and on their frames."""

    def filter(self, record: logging.LogRecord) -> bool:
        said = str(record.msg)
        return record.levelno >= logging.INFO and not any(words in said for words in _OF_SOCKETS)
