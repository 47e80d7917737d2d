"""Tests of models that answer about videos."""
