"""What each figure of the reports counts. The page shows these words, and `docs/reports.md` prints them.

Common to all. A day is a local day of the institution, 23 or 25 hours long where clocks change. An item counts in the
queue where it stands now and by the type it came with. Decided is what people ended: approved, returned or rejected, at
the moment of the commit, so not a recommendation that waits, not a decision that can still be taken back, and not what
the policy cleared without review. The SLA's due moment already has every pause (held, waiting for information) added to
it, in business time: so pauses never make a check late. The statutory clock never pauses.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# Below so many cases a share says more of chance than of a person or a rule.
FEW: Final = 20


class Report(StrEnum):
    """A chart with its table, by the name under which it is exported."""

    THROUGHPUT = "throughput"
    ACTIONS = "actions"
    SLA = "sla"
    SLA_QUEUES = "sla-by-queue"
    BREACHES = "breaches"
    AGEING = "ageing"
    SECOND = "second-people"
    ADVICE = "advice"
    OVERRIDES = "overrides"
    RETURNS = "return-reasons"
    FLAGS = "flags"
    PEOPLE = "people"


@dataclass(frozen=True)
class Definition:
    """What a report is called, in few words what it counts, and in full."""

    title: str
    counts: str
    says: str


DEFINITIONS: Final[dict[str, str]] = {
    "Received": "Checks and returns that came in on these days, those included that the policy let pass.",
    "Decided": "Checks whose review people ended on these days: paid, returned or rejected. Of two people, the second "
    "one ends it.",
    "Open now": "Checks that nobody has ended, at this moment: the queue's own count. The change is since the first of "
    "these days.",
    "Median time to decision": "Business hours from receipt to the end of the review, pauses not counted: half of what "
    "was decided on these days took no longer. Hours count as they are set today.",
    "90 % are decided within": "Business hours from receipt to the end of the review, pauses not counted: nine of ten "
    "that were decided on these days took no longer.",
    "SLA attained": "Of what was decided on these days, the share that was decided no later than its SLA fell due.",
    "SLA breaches": "Checks whose SLA fell due on these days before they were decided, whether they are decided by now "
    "or not.",
    "Return deadlines missed": "Checks whose last moment to be returned in time passed on these days before they were "
    "decided. The statutory clock never pauses.",
    "Decided by two people": "Of what was decided on these days, the share under which two people signed.",
    "Sent back or undone": "Of the first or only signatures that people gave on these days, the share that the second "
    "person sent back or that they took back themselves while that was possible.",
}

REPORTS: Final[dict[Report, Definition]] = {
    Report.THROUGHPUT: Definition(
        "Throughput",
        "checks a day",
        "What came in on each day, what of it the policy cleared without review, and what people decided on it.",
    ),
    Report.ACTIONS: Definition(
        "Decisions by action",
        "acts a day",
        "Acts that took effect: what one person decided, and what a second one confirmed, on the day of the "
        "confirmation. To pay, to return and to reject add up to what was decided; to hold, to escalate and to ask end "
        "no review.",
    ),
    Report.SLA: Definition(
        "SLA attainment",
        "% of what was decided",
        "Of what was decided on each day, the share that was decided no later than its SLA fell due.",
    ),
    Report.SLA_QUEUES: Definition(
        "SLA by queue", "% of what was decided", "The same, by the queue in which the check stands now."
    ),
    Report.BREACHES: Definition(
        "Breaches",
        "by the day they fell due",
        "Checks that were not decided when their SLA, or their last moment to be returned in time, fell due on that "
        "day, whether they were decided late or are late; and of these, those that are open still.",
    ),
    Report.AGEING: Definition(
        "Open now, by age",
        "banking days since receipt",
        "What nobody has ended, at this moment, by the banking days since it came in. The chosen days do not matter.",
    ),
    Report.SECOND: Definition(
        "Agreement of two people",
        "second looks",
        "Answers of second people to recommendations. Blind: what they put on record before they knew the "
        "recommendation is the same act. Not blind: they confirmed it and did not send it back.",
    ),
    Report.ADVICE: Definition(
        "Agreement with the advice",
        "decisions",
        "First or only signatures that pay, return or reject while advice of a detection system stood on the check, by "
        "the act that its newest advice recommended.",
    ),
    Report.OVERRIDES: Definition(
        "Overrides by reason",
        "decisions",
        "Decisions against advice that was sure enough to ask for a reason, by that reason. Reasons that a rule of the "
        "policy asks for are not overrides.",
    ),
    Report.RETURNS: Definition(
        "Return reasons",
        "checks",
        "Checks that were returned on these days, by reason in its class, in number and amount. A check with two "
        "reasons stands under both, and once in all.",
    ),
    Report.FLAGS: Definition(
        "Flags",
        "answers on what was decided",
        "Flags of what was decided on these days, and how people answered them. Precision is the confirmed of what was "
        f"confirmed or dismissed; of fewer than {FEW} it is not told.",
    ),
    Report.PEOPLE: Definition(
        "People",
        f"no share of fewer than {FEW}",
        "What each person did: first or only signatures and the median time from taking a check to them, second looks, "
        "reviews that they ended, what they took back, and how their recommendations were answered on these days.",
    ),
}


def as_markdown() -> str:
    """What each figure and report counts, as `docs/reports.md` prints it."""
    figures = [f"| {name} | {says} |" for name, says in DEFINITIONS.items()]
    reports = [f"| {one.title} | {one.says} |" for one in REPORTS.values()]
    head = ["| figure | counts |", "|---|---|"]
    return "\n".join([*head, *figures, "", "| report | counts |", "|---|---|", *reports])
