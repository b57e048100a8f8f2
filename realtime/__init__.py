"""Events: one outbox, which sockets, notices and webhooks read."""
