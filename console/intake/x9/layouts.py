"""Column layouts of the X9.37 / X9.100-187 records, as data: one table of fields per record type.

Columns are 1-based and inclusive, as the standard prints them.
"""

from console.intake.x9.fields import Field, Kind, Layout


def _layout(record_type: str, title: str, *fields: tuple[str, int, int, str], length: int = 80) -> Layout:
    return Layout(record_type, title, tuple(Field(n, a, b, Kind(k)) for n, a, b, k in fields), length)


FILE_HEADER = _layout(
    "01",
    "file header",
    ("standard_level", 3, 4, "N"),
    ("test_indicator", 5, 5, "A"),
    ("destination_routing", 6, 14, "N"),
    ("origin_routing", 15, 23, "N"),
    ("creation_date", 24, 31, "N"),
    ("creation_time", 32, 35, "N"),
    ("resend_indicator", 36, 36, "A"),
    ("destination_name", 37, 54, "A"),
    ("origin_name", 55, 72, "A"),
    ("file_id_modifier", 73, 73, "AN"),
)
CASH_LETTER_HEADER = _layout(
    "10",
    "cash letter header",
    ("collection_type", 3, 4, "N"),
    ("destination_routing", 5, 13, "N"),
    ("ece_routing", 14, 22, "N"),
    ("business_date", 23, 30, "N"),
    ("creation_date", 31, 38, "N"),
    ("creation_time", 39, 42, "N"),
    ("record_type_indicator", 43, 43, "A"),
    ("documentation", 44, 44, "AN"),
    ("cash_letter_id", 45, 52, "AN"),
    ("contact_name", 53, 66, "AN"),
    ("contact_phone", 67, 76, "NB"),
    ("work_type", 77, 77, "AN"),
    ("returns_indicator", 78, 78, "A"),
)
BUNDLE_HEADER = _layout(
    "20",
    "bundle header",
    ("collection_type", 3, 4, "N"),
    ("destination_routing", 5, 13, "N"),
    ("ece_routing", 14, 22, "N"),
    ("business_date", 23, 30, "N"),
    ("creation_date", 31, 38, "N"),
    ("bundle_id", 39, 48, "AN"),
    ("bundle_sequence", 49, 52, "NB"),
    ("cycle_number", 53, 54, "AN"),
)
CHECK_DETAIL = _layout(
    "25",
    "check detail",
    ("auxiliary_on_us", 3, 17, "NBSM"),
    ("external_processing_code", 18, 18, "AN"),
    ("payor_routing", 19, 26, "N"),
    ("payor_check_digit", 27, 27, "NBSM"),
    ("on_us", 28, 47, "NBSM"),
    ("amount", 48, 57, "N"),
    ("item_sequence", 58, 72, "NB"),
    ("documentation", 73, 73, "AN"),
    ("return_acceptance", 74, 74, "AN"),
    ("micr_valid", 75, 75, "NB"),
    ("bofd_indicator", 76, 76, "A"),
    ("addendum_count", 77, 78, "N"),
    ("correction_indicator", 79, 79, "NB"),
    ("archive_type", 80, 80, "AN"),
)
_ADDENDUM_A = (
    ("record_number", 3, 3, "N"),
    ("bofd_routing", 4, 12, "N"),
    ("bofd_date", 13, 20, "N"),
    ("bofd_sequence", 21, 35, "NB"),
    ("deposit_account", 36, 53, "AN"),
    ("bofd_branch", 54, 58, "AN"),
    ("payee_name", 59, 73, "AN"),
    ("truncation_indicator", 74, 74, "A"),
    ("conversion_indicator", 75, 75, "AN"),
    ("correction_indicator", 76, 76, "NB"),
)
_ADDENDUM_ENDORSEMENT = (
    ("record_number", 3, 4, "N"),
    ("endorsing_routing", 5, 13, "N"),
    ("endorsing_date", 14, 21, "N"),
    ("endorsing_sequence", 22, 36, "NB"),
    ("truncation_indicator", 37, 37, "A"),
    ("conversion_indicator", 38, 38, "AN"),
    ("correction_indicator", 39, 39, "NB"),
    ("return_reason", 40, 40, "AN"),
    ("endorser_identifier", 60, 60, "NB"),
)
# Behind the key length stand the key, a description (15 columns), user data (4) and 5 reserved columns.
_ADDENDUM_REFERENCE = (
    ("key_indicator", 3, 3, "N"),
    ("microfilm_sequence", 4, 18, "NB"),
    ("key_length", 19, 22, "N"),
)
CHECK_ADDENDUM_A = _layout("26", "check detail addendum A", *_ADDENDUM_A)
CHECK_ADDENDUM_B = _layout("27", "check detail addendum B", *_ADDENDUM_REFERENCE, length=22)
CHECK_ADDENDUM_C = _layout("28", "check detail addendum C", *_ADDENDUM_ENDORSEMENT)
RETURN_DETAIL = _layout(
    "31",
    "return",
    ("payor_routing", 3, 10, "N"),
    ("payor_check_digit", 11, 11, "NBSM"),
    ("on_us", 12, 31, "NBSM"),
    ("amount", 32, 41, "N"),
    ("return_reason", 42, 42, "AN"),
    ("addendum_count", 43, 44, "N"),
    ("documentation", 45, 45, "AN"),
    ("forward_bundle_date", 46, 53, "N"),
    ("item_sequence", 54, 68, "NB"),
    ("external_processing_code", 69, 69, "AN"),
    ("return_notification", 70, 70, "AN"),
    ("archive_type", 71, 71, "AN"),
    ("times_returned", 72, 72, "NB"),
)
RETURN_ADDENDUM_A = _layout("32", "return addendum A", *_ADDENDUM_A)
RETURN_ADDENDUM_B = _layout(
    "33",
    "return addendum B",
    ("payor_bank_name", 3, 20, "A"),
    ("auxiliary_on_us", 21, 35, "NBSM"),
    ("payor_sequence", 36, 50, "NB"),
    ("payor_business_date", 51, 58, "N"),
    ("payor_account_name", 59, 80, "AN"),
)
RETURN_ADDENDUM_C = _layout("34", "return addendum C", *_ADDENDUM_REFERENCE, length=22)
RETURN_ADDENDUM_D = _layout("35", "return addendum D", *_ADDENDUM_ENDORSEMENT)
IMAGE_VIEW_DETAIL = _layout(
    "50",
    "image view detail",
    ("image_indicator", 3, 3, "NB"),
    ("creator_routing", 4, 12, "N"),
    ("creation_date", 13, 20, "N"),
    ("image_format", 21, 22, "NB"),
    ("compression", 23, 24, "NB"),
    ("image_size", 25, 31, "NB"),
    ("view_side", 32, 32, "N"),
    ("view_descriptor", 33, 34, "N"),
)
# The text of a record 52. Behind it stand, at no fixed column: the key, five digits and the signature, seven digits and
# the image (views.py).
IMAGE_VIEW_DATA = _layout(
    "52",
    "image view data",
    ("ece_routing", 3, 11, "N"),
    ("bundle_date", 12, 19, "N"),
    ("cycle_number", 20, 21, "AN"),
    ("item_sequence", 22, 36, "NB"),
    ("security_originator", 37, 52, "AN"),
    ("security_authenticator", 53, 68, "AN"),
    ("security_key_name", 69, 84, "AN"),
    ("clipping_origin", 85, 85, "NB"),
    ("clipping_coordinates", 86, 101, "NB"),
    ("key_length", 102, 105, "N"),
    length=105,
)
IMAGE_ANALYSIS = _layout(
    "54",
    "image view analysis",
    ("image_quality", 3, 3, "NB"),
    ("image_usability", 4, 4, "NB"),
    ("partial_image", 6, 6, "NB"),
    ("excessive_skew", 7, 7, "NB"),
    ("piggyback", 8, 8, "NB"),
    ("too_light_or_dark", 9, 9, "NB"),
    ("streaks_or_bands", 10, 10, "NB"),
    ("below_minimum_size", 11, 11, "NB"),
    ("above_maximum_size", 12, 12, "NB"),
    ("date_usability", 28, 28, "NB"),
    ("payee_usability", 29, 29, "NB"),
    ("amount_usability", 30, 30, "NB"),
    ("legal_amount_usability", 31, 31, "NB"),
    ("signature_usability", 32, 32, "NB"),
    ("payor_name_usability", 33, 33, "NB"),
    ("micr_usability", 34, 34, "NB"),
    ("memo_usability", 35, 35, "NB"),
    ("payor_bank_usability", 36, 36, "NB"),
    ("payee_endorsement_usability", 37, 37, "NB"),
    ("bofd_endorsement_usability", 38, 38, "NB"),
    ("transit_endorsement_usability", 39, 39, "NB"),
)
_CREDIT = (
    ("auxiliary_on_us", 3, 17, "NBSM"),
    ("external_processing_code", 18, 18, "AN"),
    ("payor_routing", 19, 27, "NB"),
    ("on_us", 28, 47, "NBSM"),
)
CREDIT = _layout(
    "61",
    "credit",
    *_CREDIT,
    ("amount", 48, 57, "N"),
    ("item_sequence", 58, 72, "NB"),
    ("documentation", 73, 73, "AN"),
)
# The same record with a record usage digit at column 3, which moves every other field right by one.
CREDIT_SHIFTED = _layout(
    "61",
    "credit",
    *((name, first + 1, last + 1, kind) for name, first, last, kind in _CREDIT),
    ("amount", 49, 58, "N"),
    ("item_sequence", 59, 73, "NB"),
    ("documentation", 74, 74, "AN"),
)
CREDIT_LONG = _layout(
    "62",
    "credit",
    *_CREDIT,
    ("amount", 48, 61, "N"),
    ("item_sequence", 62, 76, "NB"),
    ("documentation", 77, 77, "AN"),
    length=100,
)
USER_RECORD = _layout(
    "68",
    "user record",
    ("owner", 3, 32, "AN"),
    ("format_type", 33, 35, "AN"),
    ("format_version", 36, 38, "AN"),
    ("data_length", 39, 45, "N"),
    length=45,
)
BUNDLE_CONTROL = _layout(
    "70",
    "bundle control",
    ("item_count", 3, 6, "N"),
    ("total_amount", 7, 18, "N"),
    ("micr_valid_amount", 19, 30, "NB"),
    ("image_count", 31, 35, "N"),
    ("credit_indicator", 56, 56, "NB"),
)
CASH_LETTER_CONTROL = _layout(
    "90",
    "cash letter control",
    ("bundle_count", 3, 8, "N"),
    ("item_count", 9, 16, "N"),
    ("total_amount", 17, 30, "N"),
    ("image_count", 31, 39, "N"),
    ("ece_name", 40, 57, "A"),
    ("settlement_date", 58, 65, "NB"),
    ("credit_indicator", 66, 66, "NB"),
)
FILE_CONTROL = _layout(
    "99",
    "file control",
    ("cash_letter_count", 3, 8, "N"),
    ("record_count", 9, 16, "N"),
    ("item_count", 17, 24, "N"),
    ("total_amount", 25, 40, "N"),
    ("credit_indicator", 65, 65, "NB"),
)

LAYOUTS: dict[str, Layout] = {
    layout.record_type: layout
    for layout in (
        FILE_HEADER,
        CASH_LETTER_HEADER,
        BUNDLE_HEADER,
        CHECK_DETAIL,
        CHECK_ADDENDUM_A,
        CHECK_ADDENDUM_B,
        CHECK_ADDENDUM_C,
        RETURN_DETAIL,
        RETURN_ADDENDUM_A,
        RETURN_ADDENDUM_B,
        RETURN_ADDENDUM_C,
        RETURN_ADDENDUM_D,
        IMAGE_VIEW_DETAIL,
        IMAGE_VIEW_DATA,
        IMAGE_ANALYSIS,
        CREDIT,
        CREDIT_LONG,
        USER_RECORD,
        BUNDLE_CONTROL,
        CASH_LETTER_CONTROL,
        FILE_CONTROL,
    )
}
