"""What must not be written to logs."""

import logging


class WithoutSockets(logging.Filter):
    """Leaves out the lines of a server on sockets that open, whose addresses hold keys, and on their frames."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.INFO and '"WebSocket %s"' not in str(record.msg)
