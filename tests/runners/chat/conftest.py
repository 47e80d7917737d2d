"""The scripted server, for every test of the chat client."""

from tests.support.chat_server import chat_server

__all__ = ["chat_server"]
