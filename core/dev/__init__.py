"""Tools of the development set-up, mounted at /dev/: what was sent by mail, text and push, and a receiver of webhooks."""
