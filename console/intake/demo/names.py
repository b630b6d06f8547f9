"""Names of banks, people and businesses that nobody can take for real ones."""

from typing import Final

from console.intake.demo.paper import Bank
from console.intake.demo.routing import routing_number

INSTITUTION: Final = Bank("First Example Bank", routing_number("72999901"), "Sampleton, ZZ 00001", "columns")

OTHER_BANKS: Final = (
    Bank("Second Specimen Bank", routing_number("72999912"), "Specimen Falls, ZZ 00012", "shield"),
    Bank("Imaginary Savings Bank", routing_number("72999923"), "Nowhere Springs, ZZ 00023", "peaks"),
    Bank("Placeholder Trust Company", routing_number("72999934"), "Placeholder City, ZZ 00034", "star"),
    Bank("Fictional National Bank", routing_number("72999945"), "Fableton, ZZ 00045", "tree"),
    Bank("Made-Up Credit Union", routing_number("72999956"), "Invention, ZZ 00056", "rings"),
    Bank("Bank of Nowhere", routing_number("72999967"), "Nowhere Bay, ZZ 00067", "waves"),
)

FIRST_NAMES: Final = (
    *("Pat", "Robin", "Quinn", "Jordan", "Casey", "Morgan", "Riley", "Avery", "Taylor", "Jamie"),
    *("Drew", "Skyler", "Rowan", "Emery", "Finley", "Harper", "Kendall", "Logan", "Marlow", "Noel"),
    *("Parker", "Reese", "Sage", "Tatum", "Blair", "Corey", "Dana", "Ellis", "Frankie", "Gale"),
)

LAST_NAMES: Final = (
    *("Sample", "Specimen", "Placeholder", "Example", "Testcase", "Mockup", "Fictor", "Dummy", "Nobody", "Standin"),
    *("Prototype", "Draft", "Template", "Notreal", "Madeup", "Pretend", "Fable", "Legend", "Imagin", "Demo"),
)

BUSINESSES: Final = (
    "Example Hardware Co",
    "Sample Street Bakery",
    "Placeholder Plumbing LLC",
    "Fictional Freight Inc",
    "Specimen Dental Group",
    "Imaginary Interiors",
    "Test Valley Farms",
    "Nowhere Auto Repair",
    "Demo Builders Inc",
    "Mockingbird Print Works",
    "Prototype Machine Shop",
    "Template Roofing Co",
    "Make-Believe Toys",
    "Invented Irrigation LLC",
    "Storybook Landscaping",
    "Dummy Cord Electric",
)

PAYEES: Final = (
    "Example City Utilities",
    "Sample County Treasurer",
    "Specimen Insurance Co",
    "Fictional Fuel Supply",
    "Placeholder Pharmacy",
    "Imaginary Landlord LLC",
    "Nowhere Telephone Co",
    "Made-Up Grocery Mart",
    "Demo Day Care Center",
    "Storybook Veterinary",
    "Pretend Paper Supply",
    "Invented Parts Depot",
)

MEMOS: Final = ("rent", "invoice 1182", "water bill", "thank you", "acct 55-014", "repairs", "deposit", "supplies", "")
BUSINESS_MEMOS: Final = ("INV 20418", "PO 7731", "PAYROLL", "RENT", "STMT 10/31", "REFUND", "SUPPLIES", "")
STREETS: Final = (
    "Placeholder Lane",
    "Sample Street",
    "Fictional Avenue",
    "Specimen Road",
    "Nowhere Court",
    "Demo Drive",
)


def businesslike(name: str) -> bool:
    """Whether a payee endorses with a stamp rather than a signature."""
    return name in BUSINESSES or name in PAYEES
