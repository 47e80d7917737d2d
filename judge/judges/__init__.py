"""The judges: each turns a requirement and what was left behind into a verdict."""
