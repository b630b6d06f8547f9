/** The keystroke as the registry writes it, in lower case. */
export function strokeOf(event) {
  const altGr = event.getModifierState?.("AltGraph"); // "[" on many European keyboards
  if ((event.altKey && !altGr) || (event.metaKey && event.key !== "Enter")) return null;
  const ctrl = (event.ctrlKey || event.metaKey) && !altGr ? "ctrl+" : "";
  const digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code);
  if (digit && !altGr) return `${ctrl}${event.shiftKey ? "shift+" : ""}${digit[1]}`;
  if (event.key === " ") return `${ctrl}space`;
  const letter = /^Key([A-Z])$/.exec(event.code);
  // On a keyboard of another script the letter printed beside the Latin one is meant.
  const key = letter && !/^[\x20-\x7e]$/.test(event.key) ? letter[1] : event.key;
  const shifted = event.shiftKey && (key.length > 1 || /[a-z]/i.test(key)) ? "shift+" : "";
  return `${ctrl}${shifted}${key}`.toLowerCase();
}
