"""Tools of the development set-up, mounted at /dev/: the mails that were sent, and a receiver of webhooks."""
