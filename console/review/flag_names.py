"""The names of the flags, by their codes: where one is chosen from a list. What a flag says of a check is its title."""

from __future__ import annotations

from typing import Final

FLAG_NAMES: Final[dict[str, str]] = {
    "stop_payment": "Stop payment",
    "duplicate_presentment": "Duplicate presentment",
    "not_issued": "Not on the issued file",
    "void_check": "Voided by the customer",
    "already_paid": "Already paid",
    "issued_amount_differs": "Amount not as issued",
    "issued_payee_differs": "Payee not as issued",
    "stale_dated": "Stale dated",
    "unusual_amount": "Unusual amount",
    "exceeds_balance": "Above the balance",
    "new_account_large": "Large, new account",
    "serial_zero": "No serial number",
    "serial_duplicate": "Serial seen before",
    "serial_gap": "Serial out of sequence",
    "velocity": "Velocity",
    "returned_before": "Returned before",
    "routing_invalid": "Routing number invalid",
    "account_unknown": "Account not found",
    "image_missing": "Image missing",
    "image_unusable": "Image cannot be displayed",
    "image_quality": "Poor image",
}
