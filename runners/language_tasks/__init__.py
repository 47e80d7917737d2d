"""Language models through zero-shot tasks, by lm-evaluation-harness."""
