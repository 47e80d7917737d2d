"""The steps an agent took, and what they show."""
