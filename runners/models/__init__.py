"""Adapters for the models under test and for the models that judge."""
