"""Two credit bureaux for development and tests: they know invented files, and misbehave when asked to."""
