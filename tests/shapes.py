"""Reads JSON schemas as the tests need them: the least that fits one, and where it has a place for an id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

Schema: TypeAlias = Mapping[str, Any]
Place: TypeAlias = tuple[str, ...]
"""The way to a member: the names of those that it is in, and its own."""


class Shapes:
    """The schemas of one document, which refer to one another."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def resolved(self, schema: Schema) -> Schema:
        """The schema itself, where this one only names it."""
        while "$ref" in schema:
            found: Any = self._document
            for step in schema["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            schema = found
        return schema

    def choices(self, schema: Schema) -> list[Schema]:
        """The schemas of which a value fits one; null left out."""
        schema = self.resolved(schema)
        return [one for one in (*schema.get("oneOf", ()), *schema.get("anyOf", ())) if one != {"type": "null"}]

    def example(self, schema: Schema) -> Any:
        """The least that fits."""
        schema = self.resolved(schema)
        if choices := self.choices(schema):
            return self.example(choices[0])
        if "const" in schema or "enum" in schema:
            return schema.get("const", *schema.get("enum", ())[:1])
        if schema.get("type") == "object":
            return {name: self.example(schema["properties"][name]) for name in schema.get("required", ())}
        if schema.get("type") == "array":
            return [self.example(schema["items"])] * schema.get("minItems", 0)
        return {
            "string": "x" * schema.get("minLength", 1),
            "integer": schema.get("minimum", 1),
            "number": schema.get("minimum", 1),
            "boolean": False,
        }[schema["type"]]

    def places(self, schema: Schema, where: Place = ()) -> Iterator[Place]:
        """Every member that a value can have, at any depth of objects."""
        if len(where) > 5:
            return
        schema = self.resolved(schema)
        for one in self.choices(schema):
            yield from self.places(one, where)
        for name, member in schema.get("properties", {}).items():
            yield (*where, name)
            yield from self.places(member, (*where, name))


def put(value: dict[str, Any], place: Place, member: Any) -> dict[str, Any]:
    """A copy with that member in that place."""
    name, *rest = place
    return value | {name: put(value.get(name, {}), tuple(rest), member) if rest else member}
