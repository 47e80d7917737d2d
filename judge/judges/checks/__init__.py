"""The `checks` judge: deterministic probes over code and artifacts; no model, no execution."""
