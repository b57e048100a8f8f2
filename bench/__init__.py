"""Benchmarks: `manage.py bench <name>`. Each figure is a ratio against a reference taken in the same run."""
