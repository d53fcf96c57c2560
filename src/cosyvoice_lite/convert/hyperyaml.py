"""Reads the authors' yaml as data.

Theirs is HyperPyYAML: its tags build Python objects and run functions. Here a tag is only a label
on the value under it; `!ref <name>` is looked up, nothing is ever called.
"""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import yaml

from cosyvoice_lite.errors import CheckpointError

MAX_YAML_BYTES = 1 << 20
MAX_INTEGER = 1 << 20
"""Of any size; the largest of the 300M models are vocabularies of 60,515."""
MAX_REFERENCES = 8
"""That lead from one to the next."""
MAX_LAYERS = 256
"""Of anything; the 300M model has at most 14."""


@dataclass(frozen=True)
class Tagged:
    """A value under a tag: `!new:some.Class {…}` is Tagged("!new:some.Class", {…})."""

    tag: str
    value: Any


class _DataLoader(yaml.SafeLoader):
    """Plain YAML, tags kept as labels; no aliases, which bombs are made of."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not allowed")
        return super().compose_node(parent, index)


def _labelled(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Tagged:
    if isinstance(node, yaml.MappingNode):
        return Tagged("!" + suffix, loader.construct_mapping(node, deep=True))
    if isinstance(node, yaml.SequenceNode):
        return Tagged("!" + suffix, loader.construct_sequence(node, deep=True))
    return Tagged("!" + suffix, node.value)


_DataLoader.add_multi_constructor("!", _labelled)


class Section:
    """A mapping of the yaml with its place, so that errors can say where."""

    def __init__(self, source: Path, where: str, values: Any, root: Mapping[str, Any]) -> None:
        if not isinstance(values, Mapping):
            raise CheckpointError(f"{source}: {where or 'the file'} is not a mapping")
        self.source, self.where, self.values, self.root = source, where, values, root

    def error(self, message: str) -> CheckpointError:
        return CheckpointError(f"{self.source}: {message}")

    def raw(self, key: str) -> Any:
        if key not in self.values:
            raise self.error(f"lacks the key {self.where}{key}")
        value = self._followed(key, self.values[key])
        # No deeper: lists of references to such lists are what bombs are made of.
        return [self._followed(key, v) for v in value] if isinstance(value, list) else value

    def _followed(self, key: str, value: Any) -> Any:
        """What a reference leads to; any other value is itself."""
        for _ in range(MAX_REFERENCES):
            if not isinstance(value, Tagged) or value.tag != "!ref":
                return value
            name = str(value.value).strip()
            if not (name.startswith("<") and name.endswith(">")) or name[1:-1] not in self.root:
                raise self.error(f"{self.where}{key}: can't follow !ref {name}")
            value = self.root[name[1:-1]]
        raise self.error(f"{self.where}{key}: its !ref leads to !ref after !ref")

    def integer(self, key: str, most: int = MAX_INTEGER) -> int:
        value = self.raw(key)
        if type(value) is not int or value <= 0:
            raise self.error(f"{self.where}{key} is {value!r}, not a positive integer")
        if value > most:
            raise self.error(f"{self.where}{key} is {reprlib.repr(value)}, more than {most}")
        return value

    def layers(self, key: str) -> int:
        """A number of layers: each is built before it is looked for in the checkpoint."""
        return self.integer(key, MAX_LAYERS)

    def number(self, key: str, default: float | None = None) -> float:
        if default is not None and key not in self.values:
            return default
        value = self.raw(key)
        try:
            if type(value) in (int, float) and isfinite(value):
                return float(value)
        except OverflowError:  # an integer beyond all floats
            pass
        raise self.error(f"{self.where}{key} is {reprlib.repr(value)}, not a number")

    def integers(self, key: str) -> tuple[int, ...]:
        value = self.raw(key)
        if not isinstance(value, list) or not all(type(v) is int and v > 0 for v in value):
            raise self.error(f"{self.where}{key} is {value!r}, not a list of positive integers")
        if not 1 <= len(value) <= MAX_LAYERS:
            raise self.error(f"{self.where}{key} has {len(value)} entries, not 1 to {MAX_LAYERS}")
        if max(value) > MAX_INTEGER:
            largest = reprlib.repr(max(value))
            raise self.error(f"{self.where}{key} holds {largest}, more than {MAX_INTEGER}")
        return tuple(value)

    def grid(self, key: str) -> tuple[tuple[int, ...], ...]:
        rows = self.raw(key)
        if not isinstance(rows, list):
            raise self.error(f"{self.where}{key} is {rows!r}, not a list of lists")
        keyed = {str(i): row for i, row in enumerate(rows)}
        table = Section(self.source, f"{self.where}{key}.", keyed, self.root)
        return tuple(table.integers(i) for i in keyed)

    def section(self, key: str, kind: str | None = None) -> Section:
        """A nested mapping; with `kind`, it must be tagged as that class."""
        value = self.raw(key)
        if kind is not None and (not isinstance(value, Tagged) or value.tag.split(".")[-1] != kind):
            found = value.tag.split(".")[-1] if isinstance(value, Tagged) else type(value).__name__
            raise self.error(f"{self.where}{key} is a {found}; only {kind} is supported")
        inner = value.value if isinstance(value, Tagged) else value
        return Section(self.source, f"{self.where}{key}.", inner, self.root)

    def expect(self, usual: Mapping[str, Any], **required: Any) -> None:
        """Settings that change the network and that only one value is supported of; `usual` is what
        the authors' class takes for those that are not given."""
        for key, wanted in required.items():
            given = key in self.values
            value = self.raw(key) if given else usual.get(key)
            if value != wanted:
                found = f"is {value!r}" if given else f"is not given, which means {value!r}"
                raise self.error(f"{self.where}{key} {found}; only {wanted!r} is supported")


def parse(path: Path) -> Mapping[str, Any]:
    try:
        if path.stat().st_size > MAX_YAML_BYTES:
            raise CheckpointError(f"{path}: too large for a configuration")
        # The C loader would be faster; this one is everywhere.
        tree = yaml.load(path.read_text("utf-8"), _DataLoader)
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no such file") from None
    except OSError as error:
        raise CheckpointError(f"{path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise CheckpointError(f"{path}: not valid YAML: {reason}") from None
    if not isinstance(tree, Mapping):
        raise CheckpointError(f"{path}: not a mapping")
    return tree
