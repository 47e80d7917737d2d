"""The scripted chat server, for the judges that ask a model."""

from tests.support.chat_server import chat_server

__all__ = ["chat_server"]
