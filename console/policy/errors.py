"""What can be wrong with a change of the policy; each message says what happened, what was kept and what to do."""

from __future__ import annotations

from datetime import datetime
from typing import Any


class PolicyRefused(Exception):
    """A change of the policy was refused. The message is meant for the person."""


class VersionNotFound(PolicyRefused):
    """No such version of the policy in this institution."""

    def __init__(self) -> None:
        super().__init__("There is no such version of the policy.")


class NotADraft(PolicyRefused):
    """The version is not, or is no more, a draft."""

    def __init__(self, number: int, status: str) -> None:
        super().__init__(
            f"Version {number} is {status.replace('_', ' ')}, so it cannot be changed. What you changed is kept for "
            "you; make a draft from it to go on."
        )


class DraftTooLarge(PolicyRefused):
    """The document is larger than any policy."""

    def __init__(self) -> None:
        super().__init__("This policy is larger than can be kept. It stays on this page: take rules out, then save.")


class ChangedMeanwhile(PolicyRefused):
    """Somebody else saved the draft after it was opened. `document` and `revision` are as it is saved now."""

    def __init__(self, who: str, at: datetime, document: dict[str, Any], revision: int) -> None:
        super().__init__(
            f"{who} saved this draft after you began. Nothing of yours was saved or lost: look at what changed, then "
            "take theirs or put yours over it."
        )
        self.who, self.at, self.document, self.revision = who, at, document, revision
