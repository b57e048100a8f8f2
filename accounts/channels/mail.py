"""E-mail by whatever Django is told to send with."""

from smtplib import SMTPDataError, SMTPRecipientsRefused
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from accounts.channels import ChannelUnavailable, Message, MessageRefused

# From here on an answer of a mail server is its last word.
FOR_GOOD = 500


class Mail:
    def send(self, message: Message) -> None:
        """Hand one letter to the mail server. Raises ChannelUnavailable, MessageRefused."""
        host = urlsplit(settings.SITE_URL).hostname or "localhost"
        letter = EmailMultiAlternatives(
            message.subject,
            message.text,
            to=[message.to],
            headers={
                "Message-ID": f"<{message.id}@{host}>",
                "Auto-Submitted": "auto-generated",
                **message.headers,
            },
        )
        letter.attach_alternative(message.html, "text/html")
        try:
            letter.send()
        except SMTPRecipientsRefused as error:
            for_good = all(code >= FOR_GOOD for code, _text in error.recipients.values())
            raise (MessageRefused if for_good else ChannelUnavailable) from error
        except SMTPDataError as error:
            raise (MessageRefused if error.smtp_code >= FOR_GOOD else ChannelUnavailable) from error
        except OSError as error:
            # Of the rest that a mail server says, nothing is about this letter: log-in, greeting, sender.
            raise ChannelUnavailable from error
