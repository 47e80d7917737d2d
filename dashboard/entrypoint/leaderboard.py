"""Streamlit runs this file for everyone who looks, and again at each click."""

from dashboard.app import show

show()
