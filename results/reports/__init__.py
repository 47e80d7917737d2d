"""What a gate found, in the forms that continuous integration reads.

Names, reasons and quotes come from agents and models: in every form they are text, and nothing of
them is markup, a command, a link or a mention.
"""

from results.reports.junit import junit_xml, write_junit
from results.reports.markdown import (
    markdown_comment,
    markdown_summary,
    write_comment,
    write_summary,
)
from results.reports.sarif import sarif_log, write_sarif
from results.reports.workflow_commands import workflow_commands, write_workflow_commands

__all__ = [
    "junit_xml",
    "markdown_comment",
    "markdown_summary",
    "sarif_log",
    "workflow_commands",
    "write_comment",
    "write_junit",
    "write_sarif",
    "write_summary",
    "write_workflow_commands",
]
