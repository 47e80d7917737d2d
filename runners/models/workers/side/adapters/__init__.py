"""Adapters that come with the project: each a file with a class `Adapter`."""
