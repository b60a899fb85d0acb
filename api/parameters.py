"""Query parameters and headers that a route reads by itself.

FastAPI solves a route's parameters and dependencies anew for every request, which costs a submit as much as its insert
(docs/benchmarks.md). A route that is as busy as that takes the request alone, reads these from it, and puts `described`
into its `openapi_extra`: declared once, checked and documented by the same type.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, Literal, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError

Value = TypeVar("Value")


@dataclass(frozen=True)
class Parameter(Generic[Value]):
    """One of them; `type_` is what pydantic checks it against."""

    where: Literal["query", "header"]
    name: str
    type_: Any
    default: Value
    description: str

    def read(self, request: Request) -> Value:
        """Its value in this request. Raises RequestValidationError, as FastAPI would."""
        text = self._text(request)
        if text is None:
            return self.default
        try:
            value: Value = self._adapter.validate_strings(text)
        except ValidationError as error:
            raise RequestValidationError(
                [{**one, "loc": (self.where, self.name, *one["loc"])} for one in error.errors()]
            ) from None
        return value

    def _text(self, request: Request) -> str | None:
        """As it was sent. Most requests have neither, which is seen without parsing anything."""
        if self.where == "query":
            return request.query_params.get(self.name) if request.scope["query_string"] else None
        return next((value.decode("latin-1") for name, value in request.scope["headers"] if name == self._raw), None)

    @property
    def described(self) -> dict[str, Any]:
        """As a parameter of an OpenAPI operation."""
        schema = self._adapter.json_schema()
        if self.default is not None:
            schema["default"] = self.default
        return {
            "in": self.where,
            "name": self.name,
            "required": False,
            "description": self.description,
            "schema": schema,
        }

    @cached_property
    def _raw(self) -> bytes:
        """A header's name as servers write it (ASGI specification: lower case)."""
        return self.name.lower().encode()

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.type_)
