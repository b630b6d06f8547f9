"""One demo bank for all tests of the folder, smaller than a first start's: drawing it takes seconds."""

from datetime import date

import pytest

from console.intake.demo.bank import make_demo_bank
from console.intake.demo.model import DemoBank

BUSINESS_DATE = date(2026, 11, 20)


@pytest.fixture(scope="session")
def bank() -> DemoBank:
    return make_demo_bank(11, BUSINESS_DATE, 150, 32)
