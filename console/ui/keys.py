"""The one registry of keyboard shortcuts.

Buttons take the key they show from here, the hotkeys component listens to what is here, and the sheet under ``?``
lists what is here. A key is written as the keyboard names it: ``A``, ``[``, ``Ctrl+Enter``, ``Shift+1``, ``ArrowUp``.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Final


class Scope(StrEnum):
    """Where a key works."""

    ANYWHERE = "anywhere"
    QUEUE = "queue"
    REVIEW = "review"
    POLICY = "policy"
    CONFIRM = "confirm"
    """The keys of a second person, in place of those that decide."""


class Target(StrEnum):
    """Who acts on a key. Only ``SERVER`` costs a round trip."""

    SERVER = "server"
    VIEWER = "viewer"
    TABLE = "table"
    SHEET = "sheet"
    FOCUS = "focus"


@dataclass(frozen=True, slots=True)
class Key:
    """One shortcut: ``key`` (and ``also``) does ``action`` within ``scope``.

    ``repeats`` lets it fire again while held down; ``in_fields`` lets it fire while a text field has focus.
    ``focuses`` names the field (its ``data-focus``) that gets the cursor at once, so that what is typed next are
    words and no keys. ``leads`` says that something else may come on the screen: what is typed for a field meanwhile
    waits for the field that is there then.
    """

    action: str
    key: str
    label: str
    scope: Scope
    group: str
    target: Target = Target.SERVER
    also: tuple[str, ...] = ()
    repeats: bool = False
    in_fields: bool = False
    focuses: str = ""
    leads: bool = False

    @property
    def strokes(self) -> tuple[str, ...]:
        """Every keystroke that fires it, the one shown first."""
        return (self.key, *self.also)

    @property
    def cap(self) -> str:
        """What the key cap on its button shows."""
        signs = {"ArrowUp": "↑", "ArrowDown": "↓", "ArrowLeft": "←", "ArrowRight": "→"}
        if len(self.key) == 1:
            return self.key
        parts = [signs.get(part, part) for part in self.key.split("+")]
        return f"⇧{parts[1]}" if parts[0] == "Shift" else " ".join(parts)


REASON_COUNT: Final = 9

#: Zones of a check in the order of ``Shift+1`` to ``Shift+7``: key of the region, name.
ZONES: Final[tuple[tuple[str, str], ...]] = (
    ("amount_figures", "Amount in figures"),
    ("amount_words", "Amount in words"),
    ("payee", "Payee"),
    ("date", "Date"),
    ("signature", "Signature"),
    ("micr", "MICR line"),
    ("endorsement", "Endorsement"),
)

_DECIDE: Final = "Decide"
_FLAGS: Final = "Flags"
_MOVE: Final = "Move"
_IMAGE: Final = "Image"
_REGIONS: Final = "Jump to"
_COMPARE: Final = "Compare"
_DRAFT: Final = "Draft"


def _decision(action: str, key: str, label: str, focuses: str = "") -> Key:
    return Key(action, key, label, Scope.REVIEW, _DECIDE, focuses=focuses)


def _image(action: str, key: str, label: str, *also: str, repeats: bool = False) -> Key:
    return Key(action, key, label, Scope.REVIEW, _IMAGE, Target.VIEWER, also, repeats)


def _compare(action: str, key: str, label: str) -> Key:
    return Key(action, key, label, Scope.REVIEW, _COMPARE, Target.VIEWER)


REGISTRY: Final[tuple[Key, ...]] = (
    _decision("pay", "A", "Pay"),
    _decision("return", "R", "Return"),
    _decision("reject", "J", "Reject", "note"),
    _decision("hold", "H", "Hold"),
    _decision("escalate", "E", "Escalate", "note"),
    _decision("ask", "I", "Ask for information", "asks"),
    *(_decision(f"reason_{n}", str(n), "Choose a reason") for n in range(1, REASON_COUNT + 1)),
    Key("reason_search", "/", "Return, and search the reason", Scope.REVIEW, _DECIDE, focuses="reason_search"),
    _decision("original_available", "Shift+Y", "Original paper on hand"),
    _decision("original_gone", "Shift+X", "Original paper gone"),
    _decision("original_unknown", "Shift+U", "Original paper not known"),
    _decision("finding_altered", "Shift+A", "It is altered"),
    _decision("finding_forged", "Shift+F", "It is forged or counterfeit"),
    Key("note", "Shift+N", "Write a note", Scope.REVIEW, _DECIDE, Target.FOCUS),
    Key("submit", "Ctrl+Enter", "Submit the decision", Scope.REVIEW, _DECIDE, in_fields=True, leads=True),
    Key("flag_confirm", "Y", "Confirm the flag", Scope.REVIEW, _FLAGS),
    Key("flag_dismiss", "K", "Dismiss the flag", Scope.REVIEW, _FLAGS, focuses="flag_reason"),
    Key("flag_cannot_tell", "T", "Cannot tell", Scope.REVIEW, _FLAGS),
    Key("show_flag", "Shift+W", "Show where on the check", Scope.REVIEW, _FLAGS, Target.VIEWER),
    Key("flag_next", "G", "Go to the next flag", Scope.REVIEW, _FLAGS),
    Key("next", "N", "Next check", Scope.REVIEW, _MOVE, leads=True),
    Key("previous", "P", "Previous check", Scope.REVIEW, _MOVE, leads=True),
    Key("queue", "Q", "Back to the queue", Scope.REVIEW, _MOVE),
    Key("timeline", "Shift+T", "Timeline and notes", Scope.REVIEW, _MOVE),
    Key("undo", "U", "Take the last decision back", Scope.REVIEW, _MOVE, leads=True),
    Key("confirm", "A", "Confirm the recommendation", Scope.CONFIRM, _DECIDE),
    Key("send_back", "J", "Send it back", Scope.CONFIRM, _DECIDE, focuses="note"),
    _image("side", "Space", "Other side"),
    _image("both", "B", "Both sides"),
    _image("fit", "F", "Whole check", "0"),
    _image("width", "W", "Full width"),
    _image("actual", "Z", "One to one"),
    _image("zoom_in", "+", "Zoom in", "=", repeats=True),
    _image("zoom_out", "-", "Zoom out", repeats=True),
    _image("rotate_left", "[", "Rotate left"),
    _image("rotate_right", "]", "Rotate right"),
    _image("mirror", "M", "Mirror"),
    _image("flip", "Shift+M", "Flip upside down"),
    _image("invert", "V", "Invert"),
    _image("loupe", "L", "Loupe"),
    _image("adjust", "D", "Adjust the image"),
    _image("boxes", "O", "Show or hide flag boxes"),
    _image("fullscreen", "X", "Full screen"),
    _image("regions", "Shift+G", "List the parts of the check"),
    _compare("compare", "C", "Compare, or end comparing"),
    _compare("compare_previous", ",", "The one before"),
    _compare("compare_next", ".", "The next one"),
    _compare("compare_blink", "Shift+B", "Blink"),
    _compare("compare_swap", "Shift+S", "Swap while blinking"),
    _compare("compare_difference", "Shift+D", "Difference"),
    _compare("compare_card", "Shift+C", "Signature card"),
    *(
        Key(f"region_{key}", f"Shift+{n}", name, Scope.REVIEW, _REGIONS, Target.VIEWER)
        for n, (key, name) in enumerate(ZONES, start=1)
    ),
    Key("row_up", "ArrowUp", "Row above", Scope.QUEUE, _MOVE, Target.TABLE, repeats=True),
    Key("row_down", "ArrowDown", "Row below", Scope.QUEUE, _MOVE, Target.TABLE, repeats=True),
    Key("row_open", "Enter", "Open the check", Scope.QUEUE, _MOVE, Target.TABLE),
    Key("row_check", "X", "Choose the check, for several at once", Scope.QUEUE, _MOVE, Target.TABLE),
    Key("row_check_range", "Shift+X", "Choose all up to here", Scope.QUEUE, _MOVE, Target.TABLE),
    Key("start", "S", "Start with the most urgent check", Scope.QUEUE, _MOVE),
    Key("search", "/", "Search", Scope.QUEUE, _MOVE, Target.FOCUS),
    Key("policy_save", "Ctrl+S", "Save the draft", Scope.POLICY, _DRAFT, in_fields=True),
    Key("policy_undo", "Ctrl+Z", "Take the last change back", Scope.POLICY, _DRAFT),
    Key("policy_redo", "Ctrl+Shift+Z", "Do it again", Scope.POLICY, _DRAFT, also=("Ctrl+Y",)),
    Key("policy_add", "N", "Add a rule", Scope.POLICY, _DRAFT),
    Key("policy_try", "/", "Test on a check", Scope.POLICY, _DRAFT, Target.FOCUS),
    Key("sheet", "?", "This list of keys", Scope.ANYWHERE, "Help", Target.SHEET),
)


@lru_cache
def keys_for(scope: Scope) -> tuple[Key, ...]:
    """The keys that work in ``scope``: its own and those that work anywhere."""
    return tuple(key for key in REGISTRY if key.scope in (scope, Scope.ANYWHERE))


def second_person_keys() -> tuple[Key, ...]:
    """The keys of the review page for a second person: confirm or send back in place of the decisions."""
    kept = {"note", "submit"}
    looking = (key for key in keys_for(Scope.REVIEW) if key.group != _DECIDE or key.action in kept)
    return (*(key for key in REGISTRY if key.scope is Scope.CONFIRM), *looking)


def choosing_first_keys() -> tuple[Key, ...]:
    """The keys of the review page for a second person who says first what they would do: acts that end a review."""
    left_out = {"hold", "escalate", "ask"}
    return tuple(key for key in keys_for(Scope.REVIEW) if key.action not in left_out)


def looking_keys(*, writes: bool = False) -> tuple[Key, ...]:
    """The keys of the review page for who decides nothing on the check shown; `writes`: but sends a note."""
    groups = (_FLAGS,) if writes else (_DECIDE, _FLAGS)
    return tuple(key for key in second_person_keys() if key.scope is not Scope.CONFIRM and key.group not in groups)


def list_keys(*, opens: bool = True, chooses: bool = False, searches: bool = False) -> tuple[Key, ...]:
    """The keys of a page that lists anything else than checks: whose rows open, are chosen, and are searched for."""
    labels = {"row_up": "Row above", "row_down": "Row below", "sheet": key_of("sheet", Scope.ANYWHERE).label}
    labels |= {"row_open": "Open the row"} if opens else {}
    labels |= {"row_check": "Choose the row", "row_check_range": "Choose all up to here"} if chooses else {}
    labels |= {"search": "Search"} if searches else {}
    return tuple(replace(key, label=labels[key.action]) for key in keys_for(Scope.QUEUE) if key.action in labels)


@lru_cache
def key_of(action: str, scope: Scope) -> Key:
    """The key of ``action`` in ``scope``. Raises ``LookupError`` for an action that has none."""
    for key in keys_for(scope):
        if key.action == action:
            return key
    raise LookupError(f"no key for {action!r} in {scope!r}")


def collisions(keys: Iterable[Key]) -> list[str]:
    """Keystrokes with two meanings and actions listed twice, each in words; empty when there are none.

    ``keys`` is what one page listens to. Letters are compared without case, as the listener compares them.
    """
    found: list[str] = []
    by_stroke: dict[str, str] = {}
    actions: set[str] = set()
    for key in keys:
        if key.action in actions:
            found.append(f"action {key.action} is listed twice")
        actions.add(key.action)
        for stroke in key.strokes:
            other = by_stroke.setdefault(stroke.casefold(), key.action)
            if other != key.action:
                found.append(f"{stroke} means both {other} and {key.action}")
    return found


# --- people's own keys -----------------------------------------------------------------------------------------------

# What browsers and screens leave to a page: one printable character, or a named key. The browser keeps what has Ctrl,
# but for a few; Esc and Tab are how one leaves.
_PLAIN: Final = re.compile(
    r"(?:Shift\+)?(?:[A-Z0-9]|Arrow(?:Up|Down|Left|Right))|Shift\+Enter|Space|Enter|F(?:[2-46-9]|10)|[!-/:-@\[-`{-~]"
    r"|Ctrl\+(?:Shift\+)?[YZ]"
)
_WITH_CTRL: Final = re.compile(r"Ctrl\+(?:Shift\+)?(?:Enter|Space|[BEGIKMS])")


def with_own(key: Key, own: Mapping[str, str]) -> Key:
    """The key as a person has it; `own` holds their keys by action. What it was, and was also, means nothing then."""
    return replace(key, key=own[key.action], also=()) if key.action in own else key


def pages() -> tuple[tuple[Key, ...], ...]:
    """The keys that one page listens to at a time, for every page."""
    scopes = tuple(keys_for(scope) for scope in Scope if scope not in {Scope.ANYWHERE, Scope.CONFIRM})
    return (
        *scopes,
        second_person_keys(),
        looking_keys(),
        looking_keys(writes=True),
        list_keys(chooses=True, searches=True),
    )


def key_fault(action: str, key: str, own: Mapping[str, str]) -> str:
    """Why a person cannot use `key` for `action` beside their `own` other keys, in words; empty where they can."""
    wanted = next((one for one in REGISTRY if one.action == action), None)
    if wanted is None:
        return "There is no such action."
    if wanted.in_fields and not _WITH_CTRL.fullmatch(key):
        return f"“{wanted.label}” also works while you type: use Ctrl with Enter, Space or one of B, E, G, I, K, M, S."
    if not wanted.in_fields and not _PLAIN.fullmatch(key):
        return "That key belongs to the browser. Use a letter, a digit or a sign, alone or with Shift."
    changed = {**own, action: key}
    for page in pages():
        if all(one.action != action for one in page):
            continue
        for one in page:
            mine = with_own(one, changed)
            if one.action != action and key.casefold() in (stroke.casefold() for stroke in mine.strokes):
                return f"{mine.cap} already means “{one.label}”. Choose another key, or change that one first."
    return ""


def usable(own: Mapping[str, str]) -> dict[str, str]:
    """A person's own keys without those that a later version's registry leaves no room for."""
    kept = dict(own)
    while lost := [action for action, key in kept.items() if key_fault(action, key, kept)]:
        for action in lost:
            del kept[action]
    return kept
