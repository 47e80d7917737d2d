"""Judges agent outputs against hierarchical requirements, with evidence that code can check."""
