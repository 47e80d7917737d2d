"""`judge doctor`: what of the optional parts works on this machine."""

from __future__ import annotations

from judge.cli.calling import Call, judge_command


@judge_command(
    "doctor",
    example="judge doctor",
    help="Say which readers, extras and system tools work here, and how to get the rest. Always"
    " ends with 0.",
)
def command(call: Call) -> None:
    from judge.doctor import examine
    from judge.reporting.tables import text_table

    parts = examine()
    document = {"parts": [part.model_dump(mode="json") for part in parts]}
    rows = [
        (part.kind, part.name, part.state.value, part.version or "", part.mend) for part in parts
    ]
    call.answer(document, text_table(rows, ("kind", "part", "state", "version", "how to get it")))
