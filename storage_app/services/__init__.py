"""Everything that happens to files: each verb checks what the rules allow whoever acts, then writes as the service."""
