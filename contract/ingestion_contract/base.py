"""The base of every type of the API: camelCase on the wire, snake_case in Python."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Reason = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9]*$", max_length=64)]
"""One word in CamelCase, as conditions, events, labels and summaries take it."""


class ApiModel(BaseModel):
    """An immutable value that is written to and read from Kubernetes objects and JSON files."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)

    def to_wire(self) -> dict[str, Any]:
        """Return plain JSON data with camelCase keys, without the fields that are not set."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    @classmethod
    def from_wire(cls, data: object) -> Self:
        """Read plain JSON data with camelCase keys.

        Raises:
            pydantic.ValidationError: the data has a wrong shape, or breaks a rule between fields.
        """
        return cls.model_validate(data, by_alias=True, by_name=False)
