"""What happened to an item, in words: one sentence for each event of the audit trail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from console.audit.entries import Event
from console.review.holds import HOLD_RULES
from console.review.overrides import OVERRIDE_WORDS

Values = Mapping[str, Any]

_ACTS: Final = {
    "pay": "pay",
    "return": "return",
    "reject": "reject",
    "hold": "hold",
    "escalate": "escalate",
    "ask": "ask for information",
}
_DONE: Final = {
    "pay": "paid it",
    "return": "returned it",
    "reject": "rejected it",
    "hold": "put a hold on it",
    "escalate": "escalated it",
    "ask": "asked for information",
}
_RECOMMENDED: Final = {"pay": "payment", "return": "return", "reject": "rejection"}
_ANSWERED: Final = {"confirmed": "confirmed", "dismissed": "dismissed", "cannot_tell": "cannot tell about"}
_ORIGINALS: Final = {"available": "on hand", "gone": "gone"}
_PRIORITIES: Final = {1: "critical", 2: "high", 3: "medium", 4: "low"}
# Why something was put back that no person has put into words.
EXPIRED, GIVEN_BACK = "expired", "released"


def _of_act(words: Mapping[str, str], before: str = "", otherwise: str = "decided it") -> Callable[[Values], str]:
    return lambda after: (before + words[after["action"]]) if after.get("action") in words else otherwise


def _flag(after: Values) -> str:
    title = after.get("title") or after.get("flag", "")
    answer = after.get("answer")
    return f"{_ANSWERED[answer]} the flag “{title}”" if answer in _ANSWERED else f"took back the answer to “{title}”"


def _of_submitted(after: Values) -> str:
    if after.get("stage") == "send_back":
        return "chose to send the recommendation back"
    chosen = _ACTS.get(after.get("act", ""), "decide it")
    return f"chose to confirm: {chosen}" if after.get("stage") == "confirm" else f"chose to {chosen}"


def _released(after: Values) -> str:
    """`whom`: who held it. Whoever lost it is the one of whom an expiry is told, where that is known."""
    why = after.get("why", GIVEN_BACK)
    if why == GIVEN_BACK:
        return "gave it back"
    if why == EXPIRED:
        return ("lost it" if after.get("whom") else "took it back") + ": no activity for too long"
    return f"put it back, which {after.get('whom', 'somebody')} held"


def _assigned(after: Values) -> str:
    return f"assigned it to {after.get('whom', 'somebody')}" if after.get("assigned_to") else "assigned it to nobody"


def _reevaluated(after: Values) -> str:
    said = [f"queue {str(after['queue']).replace('_', ' ')}"] if after.get("queue") else []
    said += [f"priority {_PRIORITIES.get(after['priority'], after['priority'])}"] if after.get("priority") else []
    said += ["two people" if after["two_people"] else "one person"] if "two_people" in after else []
    said += [f"more flags: {len(after['flags'])}"] if after.get("flags") else []
    return f"judged it anew by policy version {after.get('policy')}" + (f": {', '.join(said)}" if said else "")


_SENTENCES: Final[dict[Event, Callable[[Values], str]]] = {
    Event.ITEM_CLAIMED: lambda _: "took it",
    Event.ITEM_RELEASED: _released,
    Event.ITEM_ASSIGNED: _assigned,
    Event.ITEM_MOVED: lambda after: f"moved it to the queue {str(after.get('queue', '')).replace('_', ' ')}".rstrip(),
    Event.ITEM_SUBMITTED: _of_submitted,
    Event.OPINION_RECORDED: lambda after: f"would {_ACTS.get(after.get('act', ''), 'decide')}, before seeing the other",
    Event.ITEM_UNDONE: lambda _: "took the decision back",
    Event.COMMIT_REFUSED: lambda after: f"did not commit the decision. {after.get('why', '')}".rstrip(),
    Event.ITEM_DECIDED: _of_act(_DONE),
    Event.ITEM_RECOMMENDED: _of_act(_RECOMMENDED, "recommended ", "recommended a decision"),
    Event.ITEM_CONFIRMED: _of_act(_ACTS, "confirmed: "),
    Event.ITEM_SENT_BACK: lambda _: "sent the recommendation back",
    Event.ITEM_RESUMED: lambda after: "answered" if after.get("answers") else "put it back into its queue",
    Event.ITEM_PULLED_IN: lambda _: "had it reviewed all the same",
    Event.ITEM_REEVALUATED: _reevaluated,
    Event.FLAG_ANSWERED: _flag,
    Event.NOTE_WRITTEN: lambda _: "wrote a note",
    Event.FILE_ATTACHED: lambda after: f"attached {after.get('name', 'a file')}",
    Event.ATTACHMENT_OPENED: lambda after: f"opened {after.get('name', 'an attachment')}",
    Event.ADVICE_GIVEN: _of_act(_ACTS, "advises: ", "gave advice"),
    Event.EVIDENCE_EXPORTED: lambda _: "exported the evidence",
    Event.LEGAL_HOLD_PLACED: lambda after: f"placed a legal hold on it: {after.get('matter', '')}",
    Event.LEGAL_HOLD_LIFT_ASKED: lambda after: f"asked that the legal hold be lifted: {after.get('matter', '')}",
    Event.LEGAL_HOLD_KEPT: lambda after: f"kept the legal hold: {after.get('matter', '')}",
    Event.LEGAL_HOLD_LIFTED: lambda after: f"lifted the legal hold: {after.get('matter', '')}",
    Event.ACCOUNT_NUMBER_VIEWED: lambda _: "looked at the full account number",
}

_EVENTS: Final = frozenset(event.value for event in Event)


def facts_of(details: Values) -> tuple[str, ...]:
    """What a decision holds beside reasons and note, in short lines."""
    facts = []
    if whom := details.get("asks_name") or details.get("asks_team"):
        facts.append(f"for {whom}")
    if release := details.get("release_on"):
        facts.append(f"until {_day(str(release))}")
    if rule := HOLD_RULES.get(details.get("hold_reason", "")):
        facts.append(f"{rule.label} ({rule.cite}), account ending in {details.get('account_ending', '')}")
    if queue := details.get("queue"):
        facts.append(f"to the queue {str(queue).replace('_', ' ')}")
    if liability := details.get("liability"):
        facts.append(f"{liability['finding']}, original {_ORIGINALS.get(liability['original'], 'not known')}")
    if override := details.get("override"):
        words = OVERRIDE_WORDS.get(override["category"], override["category"])
        why = "as a rule of the policy asks" if details.get("asked_by_rule") else "against the advice"
        facts.append(f"{why}: {words}; {override['text']}")
    return tuple(facts)


def _day(written: str) -> str:
    day = date.fromisoformat(written)
    return f"{day:%a} {day.day} {day:%b %Y}"


def sentence(action: str, after: Values) -> str:
    """What was done, to stand after the name of who did it; an event without words of its own by its name."""
    known = _SENTENCES.get(Event(action)) if action in _EVENTS else None
    return known(after) if known else action.replace(".", ": ").replace("_", " ")
