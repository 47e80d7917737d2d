"""Benchmarks of calling APIs: from a request to the call a model should make."""
