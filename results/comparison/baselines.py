"""A side of a comparison as one Parquet file, to be committed or kept as a build's artifact.

A row is a unit of a metric, in columns that any reader of Parquet shows; what is said of the whole
side stands as JSON in the file's metadata, under `agent_judge_baseline`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from results.comparison.values import Series, Side, Unit
from results.database import CONFIG, quoted
from results.errors import InputError
from results.records import Evidence, Value
from results.strict_json import decode_object, encode_visibly

KEY = "agent_judge_baseline"
FORM = 1
MAX_BYTES = 2**30
MAX_UNITS = 5_000_000
MAX_ROW_BYTES = 64 * 2**20
_COLUMNS = {
    "metric": "VARCHAR",
    "cluster": "VARCHAR",
    "key": "VARCHAR",
    "value": "DOUBLE",
    "is_error": "BOOLEAN",
    "reason": "VARCHAR",
    "text": "VARCHAR",
    "slices": "VARCHAR[]",
    "evidence": "VARCHAR[]",
}
_EVIDENCE: TypeAdapter[Evidence] = TypeAdapter(Evidence)


class _About(Value):
    form: Literal[1]
    side: dict[str, Any]
    series: tuple[dict[str, Any], ...]


def is_baseline_file(path: Path | str) -> bool:
    """Whether a path names a Parquet file, by its suffix."""
    return Path(path).suffix.lower() == ".parquet"


def write_baseline(side: Side, path: Path | str) -> Path:
    """`side` as a Parquet file at `path`, whole or not at all. InputError where it cannot stand
    there."""
    import duckdb

    path = Path(path)
    about = {"form": FORM, "side": side.model_copy(update={"series": ()}).model_dump(mode="json")}
    about["series"] = [series.model_dump(mode="json", exclude={"units"}) for series in side.series]
    columns = ", ".join(f"{name}: {quoted(kind)}" for name, kind in _COLUMNS.items())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".baseline-") as beside:
            staged, draft = Path(beside) / "units.jsonl", Path(beside) / "units.parquet"
            with staged.open("wb") as file:
                file.writelines(encode_visibly(row) + b"\n" for row in _rows(side))
            with duckdb.connect(config=CONFIG) as connection:
                connection.execute(
                    f"COPY (FROM read_json({quoted(staged)}, format = 'newline_delimited',"
                    f" maximum_object_size = {MAX_ROW_BYTES}, columns = {{{columns}}}))"
                    f" TO {quoted(draft)} (FORMAT parquet, COMPRESSION zstd, KV_METADATA"
                    f" {{{KEY}: {quoted(encode_visibly(about).decode())}}})"
                )
            draft.replace(path)
    except (OSError, duckdb.Error) as error:
        what = str(error).partition("\n")[0][:300].rstrip(".")
        raise InputError(f"The baseline {path} cannot be written: {what}.") from error
    return path


def read_baseline(path: Path | str) -> Side:
    """The side in a Parquet file; InputError where it is missing, damaged or something else."""
    import duckdb

    path = Path(path)
    try:
        size = path.stat().st_size
    except OSError as error:
        raise InputError(
            f"There is no baseline {path}: {error.strerror}; check the path."
        ) from error
    if not path.is_file() or size > MAX_BYTES:
        raise InputError(f"{path} is no baseline: it is no file of at most 1 GiB.")
    try:
        with duckdb.connect(config=CONFIG) as connection:
            source = quoted(path)
            found = connection.execute(
                f"SELECT value FROM parquet_kv_metadata({source}) WHERE key = {quoted(KEY)}::BLOB"
            ).fetchone()
            if found is None:
                raise InputError(
                    f"{path} is no baseline; write one with `judge gate --candidate RUN"
                    f" --write-baseline {path.name}`."
                )
            (rows,) = connection.execute(
                f"SELECT num_rows FROM parquet_file_metadata({source})"
            ).fetchone() or (0,)
            if rows > MAX_UNITS:
                raise InputError(f"{path} holds {rows:,} units; at most {MAX_UNITS:,} are read.")
            names = ", ".join(_COLUMNS)
            units = connection.execute(f"SELECT {names} FROM read_parquet({source})").fetchall()
        return _side(bytes(found[0]), units)
    except duckdb.Error as error:
        what = str(error).partition("\n")[0][:300].rstrip(".")
        raise InputError(f"The baseline {path} cannot be read: {what}.") from error
    except ValueError as error:
        what = _first_fault(error)
        raise InputError(
            f"The baseline {path} is damaged, or a newer version wrote it ({what}); write it anew."
        ) from error


def _rows(side: Side) -> Iterator[dict[str, Any]]:
    for series in side.series:
        for unit in series.units:
            yield {
                "metric": series.name,
                "cluster": unit.cluster,
                "key": unit.key,
                "value": unit.value,
                "is_error": unit.is_error,
                "reason": unit.reason,
                "text": unit.text,
                "slices": list(unit.slices),
                "evidence": [
                    encode_visibly(one.model_dump(mode="json")).decode() for one in unit.evidence
                ],
            }


def _side(about: bytes, rows: Sequence[tuple[Any, ...]]) -> Side:
    content = _About.model_validate(decode_object(about))
    units: dict[str, list[Unit]] = {}
    for metric, cluster, key, value, is_error, reason, text, slices, evidence in rows:
        units.setdefault(metric, []).append(
            Unit(
                cluster=cluster,
                key=key,
                value=value,
                is_error=is_error,
                reason=reason,
                text=text,
                slices=slices,
                evidence=tuple(_EVIDENCE.validate_json(one) for one in evidence or ()),
            )
        )
    series = tuple(
        Series.model_validate({**each, "units": units.get(each.get("name", ""), ())})
        for each in content.series
    )
    return Side.model_validate({**content.side, "series": series})


def _first_fault(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error).partition("\n")[0][:300].rstrip(".")
    first = error.errors(include_url=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"[:300]
