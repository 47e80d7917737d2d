"""The leaderboard as files: a site that needs no server, with its data beside it."""

from dashboard.static_site.exporting import Exported, export

__all__ = ["Exported", "export"]
