"""What must not be written to logs."""

import logging


class WithoutSockets(logging.Filter):
    """Leaves out the server's lines on sockets that open: their addresses hold keys and tokens."""

    def filter(self, record: logging.LogRecord) -> bool:
        return '"WebSocket %s"' not in str(record.msg)
