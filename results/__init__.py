"""What was found: records, journals, the store and statistics."""
