"""The registry of keys."""

import pytest

from console.ui.check_viewer import USUAL_ZONES
from console.ui.hotkeys import Hotkeys
from console.ui.keys import REGISTRY, ZONES, Key, Scope, collisions, key_of, keys_for


@pytest.mark.parametrize("scope", [Scope.QUEUE, Scope.REVIEW, Scope.POLICY])
def test_no_key_has_two_meanings_where_it_works(scope: Scope) -> None:
    assert collisions(keys_for(scope)) == []


def test_a_collision_is_found_whatever_the_case_and_through_aliases() -> None:
    keys = (
        Key("pay", "A", "Pay", Scope.REVIEW, "x"),
        Key("ask", "a", "Ask", Scope.REVIEW, "x"),
        Key("zoom_in", "+", "In", Scope.REVIEW, "x", also=("=",)),
        Key("same", "=", "Same", Scope.REVIEW, "x"),
        Key("pay", "P", "Pay", Scope.REVIEW, "x"),
    )
    assert collisions(keys) == [
        "a means both pay and ask",
        "= means both zoom_in and same",
        "action pay is listed twice",
    ]


def test_the_listener_refuses_keys_that_collide() -> None:
    twice = (Key("pay", "A", "Pay", Scope.REVIEW, "x"), Key("ask", "A", "Ask", Scope.REVIEW, "x"))
    with pytest.raises(ValueError, match="A means both pay and ask"):
        Hotkeys(twice, lambda _: None)


def test_the_keys_of_the_workbench_are_there() -> None:
    expected = {
        "pay": "A", "return": "R", "reject": "J", "hold": "H", "escalate": "E", "ask": "I", "submit": "Ctrl+Enter",
        "next": "N", "previous": "P", "side": "Space", "zoom_in": "+", "zoom_out": "-", "fit": "F", "actual": "Z",
        "loupe": "L", "invert": "V", "rotate_left": "[", "rotate_right": "]", "reason_1": "1", "reason_9": "9",
    }  # fmt: skip
    assert {action: key_of(action, Scope.REVIEW).key for action in expected} == expected
    assert key_of("start", Scope.QUEUE).key == "S"
    assert key_of("search", Scope.QUEUE).key == "/"


def test_an_action_without_a_key_is_refused() -> None:
    with pytest.raises(LookupError, match="no key for 'start'"):
        key_of("start", Scope.REVIEW)


def test_only_submitting_and_saving_work_inside_a_text_field() -> None:
    assert [key.action for key in REGISTRY if key.in_fields] == ["submit", "policy_save"]


def test_decisions_do_not_repeat_while_a_key_is_held() -> None:
    assert {key.action for key in REGISTRY if key.repeats} == {"zoom_in", "zoom_out", "row_up", "row_down"}


def test_every_zone_can_be_jumped_to_on_a_check_that_names_none() -> None:
    assert [zone.key for zone in USUAL_ZONES] == [key for key, _ in ZONES]


def test_caps_read_as_keyboards_do() -> None:
    caps = {action: key_of(action, Scope.REVIEW).cap for action in ("pay", "submit", "zoom_in", "region_payee")}
    assert caps == {"pay": "A", "submit": "Ctrl Enter", "zoom_in": "+", "region_payee": "⇧3"}
    assert key_of("row_up", Scope.QUEUE).cap == "↑"
