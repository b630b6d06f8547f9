// How a view gets onto the screen: the image by a CSS transform, the boxes beside it so that their lines and words keep
// their size, the loupe on a canvas. What runs on each frame of a movement sets as little as it can.

import { boxInFrame, clamp, toImage, transformOf } from "viewer_geometry";

const LOUPE = { width: 280, height: 160, power: 2.5 };

/** From one image pixel per screen pixel on, a bitonal check is read by its pixels: nothing may soften them. */
const isSharp = (scale) => scale * devicePixelRatio >= 0.999;

/** Gives the picture its own size, its middle in the middle of the frame. Once for each picture that is put there. */
export function settleImage(element, image) {
  Object.assign(element.style, {
    width: `${image.width}px`, height: `${image.height}px`, margin: `${-image.height / 2}px 0 0 ${-image.width / 2}px`,
  });
}

export function paintImage(element, view) {
  element.style.transform = transformOf(view);
  const rendering = isSharp(view.scale) ? "pixelated" : "auto";
  if (element.style.imageRendering !== rendering) element.style.imageRendering = rendering;
}

/**
 * Lays the boxes out for a view; `laid` keeps for which. Once laid out they follow the image by one transform: their lines
 * and words keep their size again when the movement has come to rest.
 */
export function layOutBoxes(container, view, image, regions) {
  for (const box of container.querySelectorAll(".crc-box")) {
    const region = regions.find((each) => each.key === box.dataset.region);
    if (!region) continue;
    const at = boxInFrame({ ...view, x: 0, y: 0 }, image, region);
    Object.assign(box.style, { transform: `translate(${at.left}px, ${at.top}px)`, width: `${at.width}px`, height: `${at.height}px` });
  }
  container.laid = { scale: view.scale, turn: view.turn, mirror: view.mirror };
}

export function moveBoxes(container, view) {
  const by = view.scale / container.laid.scale;
  container.style.transform = `translate(${view.x}px, ${view.y}px)${by === 1 ? "" : ` scale(${by})`}`;
}

export const boxesLieFor = ({ laid }, { turn, mirror }) => laid?.turn === turn && laid.mirror === mirror;

/** Draws the surroundings of the point under `cursor`, larger by the power of the loupe and never below 1:1. */
export function drawLoupe(canvas, { element, view, image }, cursor) {
  const ratio = devicePixelRatio;
  if (canvas.width !== LOUPE.width * ratio) Object.assign(canvas, { width: LOUPE.width * ratio, height: LOUPE.height * ratio });
  const scale = Math.max(view.scale * LOUPE.power, 1 / ratio);
  const point = toImage(view, cursor);
  const context = canvas.getContext("2d");
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.setTransform(ratio, 0, 0, ratio, canvas.width / 2, canvas.height / 2);
  context.imageSmoothingEnabled = !isSharp(scale);
  context.scale(scale, scale);
  context.rotate((view.turn * Math.PI) / 2);
  context.scale(view.mirror ? -1 : 1, 1);
  context.rotate(view.tilt ?? 0);
  context.drawImage(element, -image.width / 2 - point.x, -image.height / 2 - point.y, image.width, image.height);
}

/** Puts the loupe over the cursor, inside the viewer. */
export function placeLoupe(canvas, frame, cursor, around) {
  const left = frame.pane.offsetLeft + frame.width / 2 + cursor.x - LOUPE.width / 2;
  const top = frame.pane.offsetTop + frame.height / 2 + cursor.y - LOUPE.height / 2;
  const x = clamp(left, 4, around.clientWidth - LOUPE.width - 4);
  const y = clamp(top, 4, around.clientHeight - LOUPE.height - 4);
  canvas.style.transform = `translate(${x}px, ${y}px)`;
}
