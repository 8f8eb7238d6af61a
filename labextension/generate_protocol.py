"""Writes ``src/protocol.ts`` from `tfsess_magics.core.protocol`: ``python -m labextension.generate_protocol``."""

from __future__ import annotations

import inspect
import types
import typing
from pathlib import Path

import msgspec

from tfsess_magics.core import protocol

FILE = Path(__file__).parent / "src" / "protocol.ts"
_NAMES = {int: "number", float: "number", str: "string", bool: "boolean", types.NoneType: "null"}


def generate() -> str:
    """Return the text of ``protocol.ts``."""
    structs = [
        value
        for value in vars(protocol).values()
        if inspect.isclass(value) and issubclass(value, msgspec.Struct) and value.__module__ == protocol.__name__
    ]
    parts = [
        "// Made from tfsess_magics/core/protocol.py by generate_protocol.py; never edited.",
        f"export const PROTOCOL_VERSION = {protocol.PROTOCOL_VERSION};",
        f"export const TARGET = '{protocol.TARGET}';",
        *map(_interface, structs),
        f"export type RunMark = {_type(protocol.RunMark)};",
        f"export type FromKernel = {_type(protocol.FromKernel)};",
        f"export type Order = {_type(protocol.Order)};",
    ]
    return "\n\n".join(parts) + "\n"


def _interface(struct: type[msgspec.Struct]) -> str:
    config = struct.__struct_config__
    lines = [f"  {config.tag_field}: '{config.tag}';"] if config.tag else []
    hints = typing.get_type_hints(struct)
    lines += [f"  {name}: {_type(hints[name])};" for name in struct.__struct_fields__]
    documentation = (inspect.getdoc(struct) or "").splitlines()[0]
    return f"/** {documentation} */\nexport interface {struct.__name__} {{\n" + "\n".join(lines) + "\n}"


def _type(hint: object) -> str:
    if hint in _NAMES:
        return _NAMES[hint]
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is typing.Literal:
        return " | ".join(f"'{value}'" for value in arguments)
    if typing.get_origin(hint) is list:
        inner = _type(arguments[0])
        return f"({inner})[]" if "|" in inner else f"{inner}[]"
    if arguments:
        return " | ".join(map(_type, arguments))
    return hint.__name__  # type: ignore[attr-defined,no-any-return]


if __name__ == "__main__":
    FILE.write_text(generate(), "utf-8")
