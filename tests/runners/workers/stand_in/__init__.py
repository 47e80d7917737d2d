"""Packages with the interfaces of LongVU, MetaMorph and MiniGPT-v2, and next to nothing in them.

Their models answer with what they were shown and asked, so that a test sees what arrived.
"""
