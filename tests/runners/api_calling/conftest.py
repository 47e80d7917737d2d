"""The scripted server, for every test of runs that ask a chat model."""

from tests.support.chat_server import chat_server

__all__ = ["chat_server"]
