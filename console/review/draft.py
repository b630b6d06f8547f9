"""What a person has chosen and typed for one item, before it is submitted. No I/O."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, ValidationError, field_validator

from console.review.choices import MAX_NOTE, MAX_REASONS, MAX_TEAM
from console.review.errors import ReviewRefused
from console.review.evidence import MAX_VIEWED_MS
from console.review.flag_answers import MAX_REASON
from console.review.holds import HoldReason
from console.review.liability import Finding, Original
from console.review.overrides import MAX_OVERRIDE, OverrideCategory
from console.review.states import Act

# The viewer's state has two sides of a dozen numbers; more is not a state.
MAX_VIEWER_CHARACTERS: Final = 4_000


def _storable(given: object) -> object:
    """Text without what PostgreSQL stores nowhere: NUL, and halves of a character."""
    return given.encode("utf-8", "ignore").decode().replace("\x00", "") if isinstance(given, str) else given


Typed = Annotated[str, BeforeValidator(_storable)]
Name = Annotated[Typed, Field(max_length=60)]


class DraftTooLarge(ReviewRefused):
    """The draft holds more than a draft may."""

    def __init__(self) -> None:
        super().__init__("What you typed is too long to be kept as a draft. It stays on this page; shorten it.")


class Draft(BaseModel):
    """What has been chosen and typed for one item so far.

    A field that is set tells whoever watches. Nothing in it changes in place, so that no change goes unheard. Its
    form in the database is its JSON; what a later version does not know any more is left out on reading.
    """

    model_config = ConfigDict(extra="ignore")

    act: Act | None = None
    reasons: Annotated[tuple[Name, ...], Field(max_length=MAX_REASONS)] = ()
    note: Annotated[Typed, Field(max_length=MAX_NOTE)] = ""
    release_on: Annotated[Typed, Field(max_length=10)] = ""
    queue: Name | None = None
    # The answer to the prompt of altered or forged.
    original: Original | None = None
    finding: Finding | None = None
    hold_reason: HoldReason | None = None
    deposit_account: Annotated[Typed, Field(max_length=20)] = ""
    # Whom a question is for: a person with the name, or a team in words.
    asks: UUID | None = None
    asks_name: Annotated[Typed, Field(max_length=200)] = ""
    asks_team: Annotated[Typed, Field(max_length=MAX_TEAM)] = ""
    # Why the person decides against advice.
    override: OverrideCategory | None = None
    override_text: Annotated[Typed, Field(max_length=MAX_OVERRIDE)] = ""
    # The second person's choice.
    agree: bool | None = None
    # The flag whose dismissal is being explained, and the words so far.
    flag: UUID | None = None
    flag_reason: Annotated[Typed, Field(max_length=MAX_REASON)] = ""
    # How the images are looked at, as the viewer says it, and how long each side was on screen so far, in milliseconds.
    viewer: dict[str, Any] = {}
    viewed: dict[Literal["front", "back"], Annotated[int, Field(ge=0, le=MAX_VIEWED_MS)]] = {}

    _changed: Callable[[], None] | None = PrivateAttr(None)

    @field_validator("viewer")
    @classmethod
    def _small(cls, viewer: dict[str, Any]) -> dict[str, Any]:
        if len(json.dumps(viewer)) > MAX_VIEWER_CHARACTERS:
            raise ValueError("no viewer's state is that large")
        return viewer

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name in type(self).model_fields and self._changed is not None:
            self._changed()

    def watch(self, changed: Callable[[], None]) -> None:
        """Call `changed()` whenever a field is set from now on."""
        self._changed = changed

    @property
    def chosen(self) -> bool:
        """Whether anything was chosen or typed; looking at the images is neither."""
        return bool(self.model_dump(exclude_defaults=True).keys() - {"viewer", "viewed"})

    @property
    def empty(self) -> bool:
        """Whether there is nothing to keep."""
        return not self.model_dump(exclude_defaults=True)

    def content(self) -> dict[str, Any]:
        """Plain values to keep, without what stands at its beginning. Raises DraftTooLarge."""
        try:
            checked = type(self).model_validate(self.model_dump())
        except ValidationError as error:
            raise DraftTooLarge from error
        return checked.model_dump(mode="json", exclude_defaults=True)

    @classmethod
    def from_content(cls, content: dict[str, Any]) -> Self:
        """The draft that `content` was made of; one that an other version wrote in another form begins anew."""
        try:
            return cls.model_validate(content)
        except ValidationError:
            return cls()
