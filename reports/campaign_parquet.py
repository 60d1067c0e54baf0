"""``tallies.parquet``: what each seed of each variant counted, for one's own analysis.

A row for each variant and seed: `key` and `value` of the variant, `seed`, and then every field of
the tally, nested ones as structs, lists and maps.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

import msgspec
from msgspec import inspect

TALLIES = "tallies.parquet"
PACKAGE, EXTRA = "pyarrow", "parquet"


class Row(NamedTuple):
    """The tally of one seed of one variant."""

    key: str
    value: str
    seed: int
    tally: msgspec.Struct


def available() -> bool:
    """Tell whether the library that writes Parquet is installed."""
    return find_spec(PACKAGE) is not None


def tallies_parquet(rows: Iterable[Row], kind: type[msgspec.Struct]) -> bytes:
    """Encode the tallies, which are of `kind`, in the order given."""
    arrow: Any = import_module("pyarrow")
    parquet: Any = import_module("pyarrow.parquet")
    shape = _fields(kind)
    columns = {"key": arrow.string(), "value": arrow.string(), "seed": arrow.int64()}
    schema = arrow.schema([*columns.items(), *((f, _arrow(t)) for f, t in shape.items())])
    data = [
        {"key": row.key, "value": row.value, "seed": row.seed}
        | {field: _plain(getattr(row.tally, field)) for field in shape}
        for row in rows
    ]
    table = arrow.Table.from_pylist(data, schema=schema)
    sink = arrow.BufferOutputStream()
    parquet.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue().to_pybytes())


def _fields(kind: type[msgspec.Struct]) -> dict[str, inspect.Type]:
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return {field.name: field.type for field in info.fields}


def _arrow(kind: inspect.Type) -> Any:
    """Return the type of a column for a type of a tally's field."""
    arrow: Any = import_module("pyarrow")
    match kind:
        case inspect.UnionType(types=types):
            (one,) = (one for one in types if not isinstance(one, inspect.NoneType))
            return _arrow(one)
        case inspect.IntType():
            return arrow.int64()
        case inspect.StrType():
            return arrow.string()
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
            return arrow.list_(_arrow(item))
        case inspect.DictType(key_type=key, value_type=value):
            return arrow.map_(_arrow(key), _arrow(value))
        case inspect.StructType(fields=fields):
            return arrow.struct([(field.name, _arrow(field.type)) for field in fields])
    raise TypeError(f"a tally holds what no column is for: {kind}")


def _plain(value: Any) -> Any:
    """Return a value as Arrow takes it; maps become sorted pairs."""
    if isinstance(value, msgspec.Struct):
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return [(key, _plain(inner)) for key, inner in sorted(value.items())]
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value
