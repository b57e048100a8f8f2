"""A small OpenID provider for development and tests: signs in invented people, and misbehaves when asked to."""
