"""Tests of models that answer questions about videos."""
