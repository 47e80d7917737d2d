"""Zero-shot language tasks: what MobileLLM (2402.14905) measures."""
