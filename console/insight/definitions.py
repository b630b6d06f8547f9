"""What each figure of the reports counts. The page shows these words, and `docs/reports.md` prints them.

Common to all. A day is a local day of the institution, 23 or 25 hours long where clocks change. An item counts in the
queue where it stands now and by the type it came with. Decided is what people ended: approved, returned or rejected, at
the moment of the commit, so not a recommendation that waits, not a decision that can still be taken back, and not what
the policy cleared without review. The SLA's due moment already has every pause (held, waiting for information) added to
it, in business time: so pauses never make a check late. The statutory clock never pauses.
"""

from __future__ import annotations

from typing import Final

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
