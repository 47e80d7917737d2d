"""What a run found, for people and programs: tables, trees, JSON and files."""
