"""Which items are open, and in which order they are urgent. No I/O."""

from __future__ import annotations

from sqlalchemy import text

from db.models import CheckItem

# Literal, so that the partial indexes over what is open serve it.
OPEN_ITEMS = text("check_item.status not in ('approved', 'returned', 'rejected', 'cleared', 'closed')")

# The order of urgency, everywhere: what is due first, among these the higher priority.
URGENCY = (CheckItem.sla_due_at, CheckItem.priority)
