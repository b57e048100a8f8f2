"""Memory: what the assistant knows, finds and forgets, and the conversations it has."""
