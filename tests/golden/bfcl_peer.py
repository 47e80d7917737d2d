"""Prints bfcl-eval's verdicts; run by the Python of an environment that has it.

    python bfcl_peer.py DATA < replies.jsonl > verdicts.jsonl

Lines in are `{category, id, result, underscore}`, lines out `{valid, type}`. Imports only what
checks calls: the package's list of models would need every vendor's client.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import types
from collections import defaultdict
from pathlib import Path
from typing import Any


def main() -> None:
    models = types.ModuleType("bfcl_eval.constants.model_config")
    plain, underscored = types.SimpleNamespace(), types.SimpleNamespace()
    plain.underscore_to_dot, underscored.underscore_to_dot = False, True
    models.MODEL_CONFIG_MAPPING = {"plain": plain, "dots": underscored}  # type: ignore[attr-defined]
    sys.modules[models.__name__] = models
    from bfcl_eval.constants.enums import Language, ReturnFormat
    from bfcl_eval.eval_checker.ast_eval.ast_checker import ast_checker
    from bfcl_eval.model_handler.utils import default_decode_ast_prompting
    from bfcl_eval.utils import is_empty_output, is_function_calling_format_output

    data = Path(sys.argv[1])
    items: dict[str, dict[str, Any]] = defaultdict(dict)

    def read(name: str) -> None:
        rows = [json.loads(line) for line in (data / name).read_text().splitlines()]
        path = data / "possible_answer" / name
        answers = (
            [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        )
        for index, row in enumerate(rows):
            answer = answers[index]["ground_truth"] if answers else None
            items[name][row["id"]] = (row["function"], answer)

    def decode(result: Any, language: ReturnFormat) -> Any:
        if isinstance(result, list):
            decoded = []
            for call in result:
                name = next(iter(call.keys()))
                decoded.append({name: json.loads(call[name])})
            return decoded
        return default_decode_ast_prompting(result, language, False)

    def verdict(reply: dict[str, Any]) -> dict[str, Any]:
        category, result = reply["category"], reply["result"]
        name = f"BFCL_v4_{category}.json"
        if name not in items:
            read(name)
        functions, answer = items[name][reply["id"]]
        if answer is None:
            try:
                decoded = decode(result, ReturnFormat.PYTHON)
                calls = not is_empty_output(decoded)
            except Exception:  # noqa: BLE001 - as the peer itself has it
                calls = False
            return {"valid": calls is not ("irrelevance" in category), "type": ""}
        language = {"simple_java": "JAVA", "simple_javascript": "JAVASCRIPT"}.get(
            category, "PYTHON"
        )
        try:
            decoded = decode(result, ReturnFormat[language])
        except Exception:  # noqa: BLE001 - as the peer itself has it
            return {"valid": False, "type": "ast_decoder:decoder_failed"}
        if not is_function_calling_format_output(decoded):
            return {"valid": False, "type": "ast_decoder:decoder_wrong_output_format"}
        model = "dots" if reply.get("underscore") else "plain"
        try:
            found = ast_checker(functions, decoded, answer, Language[language], category, model)
        except Exception as error:  # noqa: BLE001 - the peer stops here; ours calls it wrong
            return {"valid": False, "type": f"crash:{type(error).__name__}"}
        return {"valid": found["valid"], "type": "" if found["valid"] else found["error_type"]}

    with Path(os.devnull).open("w") as nowhere:
        for line in sys.stdin:
            with contextlib.redirect_stdout(nowhere):
                found = verdict(json.loads(line))
            sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
