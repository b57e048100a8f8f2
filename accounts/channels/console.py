"""Texts and pushes of development: they go to the log, and to the page that shows what was sent (core.dev)."""

import logging

from accounts.channels import Message
from core.dev import texts

logger = logging.getLogger(__name__)


class Console:
    def send(self, message: Message) -> None:
        texts.keep(
            id=str(message.id), channel=message.channel, to=message.to, text=message.text, href=message.href
        )
        logger.info("%s to %s: %s", message.channel, message.to, message.text)
