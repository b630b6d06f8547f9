"""What people are told: rooms call `notify`, people find it behind the bell and in their mail."""

from console.notices.kinds import NoticeKind
from console.notices.sending import notify

__all__ = ["NoticeKind", "notify"]
