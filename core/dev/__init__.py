"""Tools of the development set-up, mounted at /dev/: the mails, texts and pushes that were sent."""
