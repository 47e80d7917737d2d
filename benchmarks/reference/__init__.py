"""Figures that papers print, as data, with the table each stands in and how it was verified.

One YAML file a paper holds its tables; `names.yaml` says which names of different papers mean the
same. They are rows of their own kind and are never mixed with measured ones.
"""

from benchmarks.reference.disagreements import Disagreement, disagreements
from benchmarks.reference.names import FAMILIES, Key, canonical_benchmark, family, key_of
from benchmarks.reference.published import PublishedRow, Verified, published_rows
from benchmarks.reference.tables import published_table, read_rows, table_of, unknown_rows

__all__ = [
    "FAMILIES",
    "Disagreement",
    "Key",
    "PublishedRow",
    "Verified",
    "canonical_benchmark",
    "disagreements",
    "family",
    "key_of",
    "published_rows",
    "published_table",
    "read_rows",
    "table_of",
    "unknown_rows",
]
