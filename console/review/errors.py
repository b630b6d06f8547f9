"""The named refusals of this room, each with words for the person who meets it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from console.review.states import Status


class ReviewRefused(Exception):
    """Something that a reviewer asked for cannot be done; the message says why and what to do."""


class StaleItem(ReviewRefused):
    """The item, its account or its flags changed after they were shown."""

    def __init__(self) -> None:
        super().__init__("This check changed after you opened it. It has been loaded again: look, then decide.")


class NotYours(ReviewRefused):
    """The actor does not hold the item."""

    def __init__(self) -> None:
        super().__init__("You do not hold this check any more. Claim it again to decide it; your note is kept.")


class AlreadySubmitted(ReviewRefused):
    """A decision on the item waits for its commit."""

    def __init__(self) -> None:
        super().__init__("This check is decided already: it is being committed. Take that back first (U).")


class TooLate(ReviewRefused):
    """There is nothing to take back any more."""

    def __init__(self) -> None:
        super().__init__("This decision cannot be taken back any more: it was committed.")


class PersonGone(ReviewRefused):
    """Who submitted a decision was deactivated before it was committed."""

    def __init__(self) -> None:
        super().__init__("Who decided this check is no longer active.")


class MeansSomethingElse(ReviewRefused):
    """The same choice would now do something else than what the person was shown."""

    def __init__(self, chosen: Status, now: Status) -> None:
        super().__init__(
            f"Your limit was changed: the check would become {now.label}, and not {chosen.label}, as you were shown. "
            "Decide again."
        )


class HeldByOther(ReviewRefused):
    """Somebody else holds the item."""

    def __init__(self, name: str, until: datetime) -> None:
        super().__init__(f"{name} is working on this check.")
        self.name, self.until = name, until


class NotClaimable(ReviewRefused):
    """The item is in a status in which nobody works on it."""

    def __init__(self, status: str) -> None:
        super().__init__(f"This check is {status.replace('_', ' ')}: there is nothing to decide on it now.")


class OverLimit(ReviewRefused):
    """The amount is above what the actor may sign."""

    def __init__(self, limit: Decimal) -> None:
        super().__init__(f"The amount is above your limit of {limit:,.2f}. A person with a higher limit must sign.")
        self.limit = limit


class OutOfReach(ReviewRefused):
    """The item stands in a queue, or is of a type, that the actor does not work on."""

    def __init__(self, queue: str, item_type: str) -> None:
        kind = {"on_us": "on-us", "transit": "transit"}.get(item_type, item_type)
        super().__init__(f"You do not work on {kind} checks of the queue {queue.replace('_', ' ')}.")


class NotYoursToSet(ReviewRefused):
    """What somebody wants to change reaches beyond the part of the work that they manage. `what` is in words."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"Your limits do not reach as far as {what}. Nothing was saved: ask somebody who manages every queue."
        )


class NotAMember(ReviewRefused):
    """The queue has members of its own, and the actor is none, or not one for this."""

    def __init__(self, queue: str) -> None:
        super().__init__(f"You do not work in the queue {queue.replace('_', ' ')}: a supervisor says who does.")


class AssignedToOther(ReviewRefused):
    """The item is assigned to somebody else."""

    def __init__(self, name: str) -> None:
        super().__init__(f"This check is assigned to {name}. An approver or a supervisor can assign it to you.")
        self.name = name


class TooManyClaims(ReviewRefused):
    """The actor holds as many items of the queue as one person may."""

    def __init__(self, queue: str, most: int) -> None:
        checks = "one check" if most == 1 else f"{most} checks"
        super().__init__(f"You hold {checks} of the queue {queue} already, and nobody holds more. Finish one first.")


class TooManyAtOnce(ReviewRefused):
    """More items were chosen than are changed at once."""

    def __init__(self, most: int) -> None:
        super().__init__(f"At most {most} checks are changed at once. Choose fewer; nothing was changed.")


class InvalidQueue(ReviewRefused):
    """A queue cannot be set so, or closed now; the message says why and what to do."""


class StaleQueue(ReviewRefused):
    """The queue's settings changed after they were shown."""

    def __init__(self) -> None:
        super().__init__(
            "Somebody changed this queue after you opened it. Nothing was saved; look again, then change it."
        )


class InvalidView(ReviewRefused):
    """A view of the queue cannot be kept so."""


class ViewNotFound(ReviewRefused):
    """No such view of the queue, or it is somebody else's."""

    def __init__(self) -> None:
        super().__init__("This view does not exist any more, or it is not yours. Nothing was changed.")


class QueueNotFound(ReviewRefused):
    """No such queue in this institution, or it is closed."""

    def __init__(self) -> None:
        super().__init__("This queue does not exist, or it is closed. Nothing was changed.")


class AmountChanged(ReviewRefused):
    """The amount is not the one under which the first person signed."""

    def __init__(self, signed: Decimal, now: Decimal) -> None:
        super().__init__(
            f"The amount was {signed:,.2f} when this was recommended, and is {now:,.2f} now. Send it back: both people "
            "sign the same amount."
        )


class ChooseFirst(ReviewRefused):
    """The second review is blind, and the actor has not said what they would do."""

    def __init__(self) -> None:
        super().__init__("Say first what you would do with this check: the recommendation is shown to you after that.")


class AlreadyShown(ReviewRefused):
    """The recommendation is not hidden from the actor: an opinion beside it would not be one of their own."""

    def __init__(self) -> None:
        super().__init__("The recommendation is shown to you already: confirm it, or send it back.")


class AnswerStands(ReviewRefused):
    """The flag was answered by the first person."""

    def __init__(self) -> None:
        super().__init__("The first person's answer stands. Send the check back where you see it otherwise.")


class SideNotViewed(ReviewRefused):
    """The policy wants every side with an image looked at before the decision."""

    def __init__(self, side: str) -> None:
        super().__init__(f"Look at the {side} of the check first: it was not on the screen long enough to be seen.")
        self.side = side


class ImagesUnavailable(ReviewRefused):
    """Both sides are to be looked at, and the images cannot be shown."""

    def __init__(self) -> None:
        super().__init__(
            "The check's images cannot be shown at present, and must be looked at before it is decided. Nothing was "
            "decided and what you typed is kept: try again in a moment."
        )


class SamePerson(ReviewRefused):
    """The maker of a recommendation cannot be its second person."""

    def __init__(self) -> None:
        super().__init__("You made this recommendation: another person must confirm it.")


class UnansweredFlag(ReviewRefused):
    """A flag was not answered yet."""

    def __init__(self, flag_id: UUID, title: str) -> None:
        super().__init__(f"Answer the flag “{title}” first: confirm it, dismiss it, or say that you cannot tell.")
        self.flag_id = flag_id


class IncompleteChoice(ReviewRefused):
    """The choice lacks something that its action needs, or names something that does not exist."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class InvalidHours(ReviewRefused):
    """Hours that a bank cannot have; `field` names the one."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{message} Nothing was changed.")
        self.field = field


class StaleHours(ReviewRefused):
    """Somebody changed the hours after they were shown."""

    def __init__(self) -> None:
        super().__init__("Somebody changed the hours meanwhile. They have been loaded again: look, then change them.")
