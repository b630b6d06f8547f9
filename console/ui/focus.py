"""Puts the cursor where a page wants it, once what is there has been drawn."""

from __future__ import annotations

import json
from typing import Final

from nicegui import Client

# What was just sent is drawn within a few frames; a page that is busy may take longer.
_SCRIPT: Final = """
(() => {
  const name = %s, until = Date.now() + 1500;
  const look = () => {
    const field = "input, textarea, select, button";
    const of = (one) => document.querySelector(`[data-focus="${CSS.escape(one)}"], [data-act="${CSS.escape(one)}"]`);
    let found = of(name);
    // What is wrong may be a part that has no input of its own: the nearest one around it has.
    for (let near = name; !found && Date.now() > until - 900 && near.includes("."); found = of(near))
      near = near.slice(0, near.lastIndexOf("."));
    const target = found?.matches(field) ? found : found?.querySelector(field);
    if (target) { target.focus(); target.scrollIntoView({ block: "nearest" }); }
    else if (Date.now() < until) setTimeout(look, 30);
  };
  setTimeout(look, 30);
})()
"""


def focus(client: Client, name: str) -> None:
    """Focus the field or button whose `data-focus` or `data-act` is `name`, or that is inside of it."""
    if client.id in Client.instances:
        client.run_javascript(_SCRIPT % json.dumps(name))
