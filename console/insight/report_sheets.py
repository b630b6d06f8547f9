"""Each report as a table. No I/O."""

from __future__ import annotations

from console.insight.acts import ACTS, Acts
from console.insight.advised import Advice
from console.insight.ageing import Ages
from console.insight.agreement import Agreement
from console.insight.flagged import FlagReport
from console.insight.overview import Overview
from console.insight.people import People
from console.insight.returns import Returns
from console.insight.sheets import Share, Sheet, Span, Value
from console.review.overrides import OVERRIDE_WORDS
from console.review.reasons import REASONS


def throughput(found: Overview) -> Sheet:
    """What came in and what was decided, by day."""
    days = found.now.work.by_day()
    rows: list[tuple[Value, ...]] = [
        (day, one.received, one.cleared, one.decided, one.amount) for day, one in days.items()
    ]
    whole = found.now.work.whole
    rows.append(("All days", whole.received, whole.cleared, whole.decided, whole.amount))
    heads = ("Day", "Received", "Cleared without review", "Decided", "Amount decided")
    return Sheet(heads, tuple(rows))


def actions(found: Acts) -> Sheet:
    """Decisions by action and day."""
    rows: list[tuple[Value, ...]] = [(day, *(found.on(day, act) for act in ACTS)) for day in found.days]
    rows.append(("All days", *(found.total(act) for act in ACTS)))
    return Sheet(("Day", *(act.value.capitalize() for act in ACTS)), tuple(rows))


def attainment(found: Overview) -> Sheet:
    """What was decided by its SLA, by day."""
    days = found.now.work.by_day()
    rows: list[tuple[Value, ...]] = [
        (day, one.decided, one.in_time, one.late, Share(one.in_time, one.decided)) for day, one in days.items()
    ]
    whole = found.now.work.whole
    rows.append(("All days", whole.decided, whole.in_time, whole.late, Share(whole.in_time, whole.decided)))
    return Sheet(("Day", "Decided", "In time", "Late", "Attained"), tuple(rows))


def attainment_by_queue(found: Overview) -> Sheet:
    """What was decided by its SLA, by the queue in which it stands."""
    queues = found.now.work.by_queue()
    rows = tuple(
        (queue.name, one.decided, one.in_time, one.late, Share(one.in_time, one.decided))
        for queue in found.scope.queues
        if (one := queues.get(queue.key))
    )
    return Sheet(("Queue", "Decided", "In time", "Late", "Attained"), rows)


def breaches(found: Overview) -> Sheet:
    """Deadlines that passed, by the day on which they did."""
    due = found.now.due
    counts = [(one.breached, one.breached_open, one.missed, one.missed_open) for one in due]
    rows: list[tuple[Value, ...]] = [(one.day, *numbers) for one, numbers in zip(due, counts, strict=True)]
    rows.append(("All days", *map(sum, zip(*counts, strict=True))))
    heads = ("Day", "SLA breached", "of these open", "Return deadline missed", "of these open")
    return Sheet(heads, tuple(rows))


def ageing(found: Ages) -> Sheet:
    """How long what is open has waited."""
    rows: list[tuple[Value, ...]] = [(one.label, one.items) for one in found]
    rows.append(("All", sum(one.items for one in found)))
    return Sheet(("Banking days since receipt", "Open"), tuple(rows))


def second_people(found: Agreement) -> Sheet:
    """Whether the second of two people agrees, blind and not."""
    rows: list[tuple[Value, ...]] = []
    for blind, kind in ((True, "Blind"), (False, "Not blind")):
        part = [one for one in found if one.blind is blind]
        counts = [(one.looks, one.agreed, one.sent_back) for one in part] or [(0, 0, 0)]
        looks, agreed, sent_back = map(sum, zip(*counts, strict=True))
        for label, *numbers in (
            *((one.act.value, one.looks, one.agreed, one.sent_back) for one in part), ("all", looks, agreed, sent_back),
        ):  # fmt: skip
            rows.append((f"{kind}: {label}", numbers[0], numbers[1], Share(numbers[1], numbers[0]), numbers[2]))
    heads = ("Recommendation", "Second looks", "Agreed", "Agreement", "Sent back")
    return Sheet(heads, tuple(rows))


def advice(found: Advice) -> Sheet:
    """Whether people decide as is advised."""
    rows: list[tuple[Value, ...]] = [
        (f"Advised: {one.act.value}", one.decisions, one.agreed, Share(one.agreed, one.decisions), one.overridden)
        for one in found.acts
    ]
    decisions, agreed = sum(one.decisions for one in found.acts), sum(one.agreed for one in found.acts)
    rows.append(("All", decisions, agreed, Share(agreed, decisions), sum(one.overridden for one in found.acts)))
    heads = ("Recommendation", "Decisions", "As advised", "Agreement", "Overridden with a reason")
    return Sheet(heads, tuple(rows))


def overrides(found: Advice) -> Sheet:
    """Why people decide otherwise than advised."""
    whole = sum(found.categories.values())
    rows: list[tuple[Value, ...]] = [
        (words, found.categories.get(category, 0), Share(found.categories.get(category, 0), whole))
        for category, words in OVERRIDE_WORDS.items()
    ]
    rows.append(("All", whole, Share(whole, whole)))
    return Sheet(("Reason", "Decisions", "Share"), tuple(rows))


def returns(found: Returns) -> Sheet:
    """Why checks are returned."""
    rows: list[tuple[Value, ...]] = [
        (reason_name(one.reason), one.checks, one.amount, Share(one.checks, found.checks)) for one in found.reasons
    ]
    rows.append(("All returned", found.checks, found.amount, Share(found.checks, found.checks)))
    return Sheet(("Reason", "Checks", "Amount", "Of returned"), tuple(rows))


def reason_name(key: str) -> str:
    """A return reason by its code, text and class."""
    return REASONS[key].named if key in REASONS else key


def flags(found: FlagReport) -> Sheet:
    """What people answer to each flag."""
    rows = tuple(
        (one.name, one.raised, one.confirmed, one.dismissed, one.cannot_tell,
         Share(one.confirmed, one.confirmed + one.dismissed, judges=True))
        for one in found
    )  # fmt: skip
    heads = ("Flag", "Raised", "Confirmed", "Dismissed", "Cannot tell", "Precision")
    return Sheet(heads, rows)


def people(found: People) -> Sheet:
    """What each person did."""
    rows = tuple(
        (one.name, one.first, one.second, one.ended, Span(None if one.median_ms is None else one.median_ms // 1000),
         one.undone, one.answered, Share(one.sent_back, one.answered, judges=True),
         Share(one.agreed, one.answered, judges=True))
        for one in found
    )  # fmt: skip
    heads = ("Person", "First signatures", "Second looks", "Reviews ended", "Median time", "Undone",
             "Recommendations answered", "Sent back", "Agreed with")  # fmt: skip
    return Sheet(heads, rows)
