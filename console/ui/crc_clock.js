// Time left, in words and as a state. Shared by the countdown chip and the queue table.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Difference between the server's clock and this browser's, in ms; `serverNow` was true a moment ago. */
export const skewFrom = (serverNow) => (Number.isFinite(serverNow) ? serverNow - Date.now() : 0);

/** "1:42" (hours and minutes), "42 s" in the last minute, "−0:06" past due, "2 d 3 h" from a day on. */
export function timeLeft(due, now) {
  const left = due - now;
  const sign = left < 0 ? "−" : "";
  const size = Math.abs(left);
  if (size >= DAY) return `${sign}${Math.floor(size / DAY)} d ${Math.floor((size % DAY) / HOUR)} h`;
  if (left >= 0 && size < MINUTE) return `${Math.floor(size / 1000)} s`;
  const minutes = Math.floor(size / MINUTE);
  return `${sign}${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
}

/** "28 min", "2 h 5 min", "42 s". */
export function timeInWords(due, now) {
  const left = Math.max(0, due - now);
  if (left < MINUTE) return `${Math.floor(left / 1000)} s`;
  const hours = Math.floor(left / HOUR);
  return `${hours ? `${hours} h ` : ""}${Math.floor((left % HOUR) / MINUTE)} min`;
}

/** "ok", "warning" or "breach"; "paused" where there is no due time. */
export function clockState(due, warn, now) {
  if (due === null || due === undefined) return "paused";
  if (now >= due) return "breach";
  return warn !== null && warn !== undefined && now >= warn ? "warning" : "ok";
}

/** "5 m", "3 h", "2 d" since a moment. */
export function ageOf(since, now) {
  const age = Math.max(0, now - since);
  if (age < HOUR) return `${Math.floor(age / MINUTE)} m`;
  if (age < DAY) return `${Math.floor(age / HOUR)} h`;
  return `${Math.floor(age / DAY)} d`;
}
