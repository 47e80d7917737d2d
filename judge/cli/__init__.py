"""The `judge` command."""
