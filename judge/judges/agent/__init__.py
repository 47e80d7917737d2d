"""The `agent` judge: Agent-as-a-Judge (arXiv 2410.10934), a loop that looks, proves and decides."""
