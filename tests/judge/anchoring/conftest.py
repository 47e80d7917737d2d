"""The scripted chat server, as a model that changes."""

from tests.support.chat_server import chat_server

__all__ = ["chat_server"]
