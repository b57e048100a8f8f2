"""Tools of the development set-up, mounted at /dev/: what was mailed, texted and pushed, and a receiver of webhooks."""
