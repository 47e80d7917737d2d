"""How a model that segments videos goes through a set of them, or through one video."""
