// Where an image lies in its frame. A view is { scale, x, y, turn, mirror }: `scale` in CSS pixels per image pixel,
// (x, y) the middle of the image from the middle of the frame in CSS pixels, `turn` in quarter turns clockwise. That of a
// compared image has a `tilt` as well, in radians clockwise, which comes before all else.

export const MIN_SCALE = 0.02;
export const MAX_SCALE = 16;
export const MARGIN = 16; // CSS pixels around a fitted image

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** Size of the image in its present turn, in image pixels. */
export const turned = (image, turn) =>
  turn % 2 ? { width: image.height, height: image.width } : { width: image.width, height: image.height };

export function fitScale(image, frame, turn, margin) {
  const { width, height } = turned(image, turn);
  return Math.min((frame.width - 2 * margin) / width, (frame.height - 2 * margin) / height);
}

export const widthScale = (image, frame, turn, margin) => (frame.width - 2 * margin) / turned(image, turn).width;

/** The view after scaling by `factor` such that the image point under `cursor` (from the frame's middle) stays. */
export function zoomAt(view, cursor, scale) {
  const next = clamp(scale, MIN_SCALE, MAX_SCALE);
  const factor = next / view.scale;
  return { ...view, scale: next, x: cursor.x - (cursor.x - view.x) * factor, y: cursor.y - (cursor.y - view.y) * factor };
}

/** Keeps at least `rest` pixels of the image inside the frame, so that it cannot be lost. */
export function keepInSight(view, image, frame, rest = 60) {
  const { width, height } = turned(image, view.turn);
  const far = (size, room) => Math.max(0, (size * view.scale + room) / 2 - rest);
  const [fx, fy] = [far(width, frame.width), far(height, frame.height)];
  return { ...view, x: clamp(view.x, -fx, fx), y: clamp(view.y, -fy, fy) };
}

function tilted({ x, y }, tilt) {
  if (!tilt) return { x, y };
  const [cos, sin] = [Math.cos(tilt), Math.sin(tilt)];
  return { x: x * cos - y * sin, y: x * sin + y * cos };
}

/** A vector of the image (in image pixels, from its middle) as a vector of the frame. */
export function toFrame(view, vector) {
  const straight = tilted(vector, view.tilt);
  let [x, y] = [view.mirror ? -straight.x : straight.x, straight.y];
  for (let i = 0; i < view.turn; i++) [x, y] = [-y, x];
  return { x: x * view.scale + view.x, y: y * view.scale + view.y };
}

/** The image point (in image pixels, from its middle) under a point of the frame. */
export function toImage(view, point) {
  let [x, y] = [(point.x - view.x) / view.scale, (point.y - view.y) / view.scale];
  for (let i = 0; i < view.turn; i++) [x, y] = [y, -x];
  return tilted({ x: view.mirror ? -x : x, y }, -view.tilt);
}

/** A box { x, y, w, h } in fractions of the image as a rectangle of the frame, in CSS pixels from its middle. */
export function boxInFrame(view, image, box) {
  const corner = (fx, fy) => toFrame(view, { x: (fx - 0.5) * image.width, y: (fy - 0.5) * image.height });
  const [a, b] = [corner(box.x, box.y), corner(box.x + box.w, box.y + box.h)];
  return { left: Math.min(a.x, b.x), top: Math.min(a.y, b.y), width: Math.abs(a.x - b.x), height: Math.abs(a.y - b.y) };
}

/** The view that shows `box` as large as it fits with some room around. */
export function viewOfBox(view, image, box, frame) {
  const room = 0.8;
  const size = turned({ width: box.w * image.width, height: box.h * image.height }, view.turn);
  const scale = clamp(Math.min((frame.width * room) / size.width, (frame.height * room) / size.height), MIN_SCALE, 3);
  const at = toFrame({ ...view, scale, x: 0, y: 0 }, middleOf(box, image));
  return { ...view, scale, x: -at.x, y: -at.y };
}

/**
 * The view of another image whose point `there` lies where `view` shows its own image's point `here` (both in image
 * pixels, from the middle), `ratio` times as large: for dots per inch that differ, an inch stays an inch.
 */
export function followed(view, here, there, ratio, tilt = 0) {
  const at = toFrame(view, here);
  const own = { ...view, scale: view.scale * ratio, x: 0, y: 0, tilt };
  const from = toFrame(own, there);
  return { ...own, x: at.x - from.x, y: at.y - from.y };
}

/** The middle of a box in fractions, as a point in image pixels from the image's middle. */
export const middleOf = (box, image) => ({ x: (box.x + box.w / 2 - 0.5) * image.width, y: (box.y + box.h / 2 - 0.5) * image.height });

/** As a CSS transform of an element of the image's own size whose middle lies in the frame's middle. */
export const transformOf = (view) =>
  `translate(${view.x}px, ${view.y}px) scale(${view.scale}) rotate(${view.turn * 90}deg) scaleX(${view.mirror ? -1 : 1})${view.tilt ? ` rotate(${view.tilt}rad)` : ""}`;
