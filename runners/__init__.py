"""How a model goes through a benchmark."""
