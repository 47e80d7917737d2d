"""One module per trajectory format: how it is recognised, and how it becomes steps."""
