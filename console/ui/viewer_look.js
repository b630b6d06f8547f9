// Brightness, contrast, threshold, sharpening and inversion, worked out on the image's own pixels. A filter of the
// browser would work on what is on screen, so that a check would look otherwise at another zoom.

export const PLAIN_LOOK = { invert: false, brightness: 100, contrast: 100, threshold: 0, sharpen: 0 };

const NAMES = Object.keys(PLAIN_LOOK);

export const lookOf = (view) => Object.fromEntries(NAMES.map((name) => [name, view[name]]));

export const isPlain = (view) => NAMES.every((name) => view[name] === PLAIN_LOOK[name]);

/** The pixels of a decoded image: { width, height, gray (a byte each), rgba (null where there is no colour), bitonal }. */
export function pixelsOf(element) {
  const [width, height] = [element.naturalWidth, element.naturalHeight];
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#fff"; // what lies under a transparent pixel
  context.fillRect(0, 0, width, height);
  context.drawImage(element, 0, 0);
  const rgba = context.getImageData(0, 0, width, height).data;
  const gray = new Uint8Array(width * height);
  let [colour, bitonal] = [false, true];
  for (let i = 0, at = 0; i < gray.length; i++, at += 4) {
    const [r, g, b] = [rgba[at], rgba[at + 1], rgba[at + 2]];
    if (r !== g || g !== b) colour = true;
    gray[i] = (r * 299 + g * 587 + b * 114) / 1000;
    if (gray[i] !== 0 && gray[i] !== 255) bitonal = false;
  }
  return { width, height, gray, rgba: colour ? rgba : null, bitonal: bitonal && !colour };
}

/** What each value from 0 to 255 becomes: first brightness, then contrast around the middle, threshold, inversion. */
function curve({ brightness, contrast, threshold, invert }) {
  const values = new Uint8ClampedArray(256);
  for (let value = 0; value < 256; value++) {
    const lit = Math.min(255, (value * brightness) / 100);
    values[value] = ((lit - 127.5) * contrast) / 100 + 127.5;
    if (threshold) values[value] = values[value] >= threshold ? 255 : 0;
    if (invert) values[value] = 255 - values[value];
  }
  return values;
}

/** Nine times what each pixel stands out from its eight neighbours and itself; 0 on the edge of the image. */
function detailOf({ gray, width, height }) {
  const detail = new Int16Array(gray.length);
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1, at = y * width + 1; x < width - 1; x++, at++) {
      const [above, below] = [at - width, at + width];
      detail[at] = 8 * gray[at] - gray[at - 1] - gray[at + 1] - gray[above - 1] - gray[above] - gray[above + 1]
        - gray[below - 1] - gray[below] - gray[below + 1];
    }
  }
  return detail;
}

const clampByte = (value) => (value < 0 ? 0 : value > 255 ? 255 : value | 0);

/** Draws the image as `look` says onto `canvas`, one canvas pixel for each of its own. */
export function develop(pixels, look, canvas) {
  const { width, height, gray, rgba } = pixels;
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  const out = (pixels.out ??= context.createImageData(width, height));
  const words = new Uint32Array(out.data.buffer);
  const values = curve(look);
  const amount = look.sharpen / 900;
  const detail = amount ? (pixels.detail ??= detailOf(pixels)) : null;
  if (rgba && !look.threshold) {
    for (let i = 0, at = 0; i < words.length; i++, at += 4) {
      const more = detail ? detail[i] * amount : 0;
      for (let channel = 0; channel < 3; channel++) out.data[at + channel] = values[clampByte(rgba[at + channel] + more)];
      out.data[at + 3] = 255;
    }
  } else {
    const word = Uint32Array.from(values, (value) => ((255 << 24) | (value << 16) | (value << 8) | value) >>> 0);
    if (detail) for (let i = 0; i < words.length; i++) words[i] = word[clampByte(gray[i] + detail[i] * amount)];
    else for (let i = 0; i < words.length; i++) words[i] = word[gray[i]];
  }
  context.putImageData(out, 0, 0);
}
