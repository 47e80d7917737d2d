"""A bounded, safe view of the untrusted folder that an agent left behind."""
