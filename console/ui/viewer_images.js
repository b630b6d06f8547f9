// Images of checks, decoded ahead. The decoded element itself goes on screen, so a prefetched check is shown at once
// whatever the cache headers of its address say.

import { pixelsOf } from "viewer_look";

const KEPT = 12; // both sides of the check shown, the next and a few before

export class ImagePool {
  #images = new Map();

  /** An entry { element, state: "loading" | "ready" | "broken", done } for an address; one fetch per address. */
  get(url) {
    const known = this.#images.get(url);
    if (known && known.state !== "broken") {
      this.#images.delete(url); // the youngest is last
      this.#images.set(url, known);
      return known;
    }
    const element = new Image();
    element.draggable = false;
    element.decoding = "async";
    const entry = { element, state: "loading" };
    element.src = url;
    entry.done = element.decode().then(
      () => (entry.state = "ready"),
      () => (entry.state = "broken"),
    );
    this.#images.set(url, entry);
    for (const old of this.#images.keys()) {
      if (this.#images.size <= KEPT) break;
      if (!this.#images.get(old).element.isConnected) this.#images.delete(old);
    }
    return entry;
  }
}

/** The pixels of a ready entry, read once. */
export const entryPixels = (entry) => (entry.pixels ??= pixelsOf(entry.element));
