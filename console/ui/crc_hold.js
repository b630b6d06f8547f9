// While nothing can be done, nothing is set off: clicks and keys stop here, typing goes on.

const ACTS = ["click", "dblclick", "contextmenu", "submit", "drop"];

const isText = (element) => element?.matches?.("input:not([type=button]):not([type=checkbox]):not([type=radio]), textarea, [contenteditable=true]");

/** Holds what a person does for as long as `isOn` says so. */
export class Hold {
  constructor(isOn) {
    const stop = (event) => {
      event.preventDefault();
      event.stopImmediatePropagation();
    };
    this.act = (event) => isOn() && stop(event);
    this.key = (event) => {
      if (!isOn() || event.key === "Tab") return;
      const { key, ctrlKey, target } = event;
      const types = isText(target) && (!ctrlKey || "acvxz".includes(key)) && key !== "Escape";
      if (!types || (key === "Enter" && target.tagName !== "TEXTAREA")) stop(event);
    };
  }
  start() {
    for (const act of ACTS) window.addEventListener(act, this.act, true);
    window.addEventListener("keydown", this.key, true);
  }
  stop() {
    for (const act of ACTS) window.removeEventListener(act, this.act, true);
    window.removeEventListener("keydown", this.key, true);
  }
}
