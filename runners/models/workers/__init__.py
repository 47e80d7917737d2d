"""Models in environments of their own, spoken to over pipes."""
