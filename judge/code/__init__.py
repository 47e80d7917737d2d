"""What the code of a workspace defines, imports, calls, reads and writes."""
