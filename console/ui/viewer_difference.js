// What two checks of one stock do not share: both cut to ink and paper, laid on one another inch for inch. Ink is a byte
// each, 1 or 0; sizes are in pixels, shifts in pixels of the first image, as by how much the second lies right and down.

const REACH_INCHES = 0.2; // so far may one scan lie from where the other does
const ROUGH = 4; // pixels to one of the rough search
const LEAST_TILT = 0.001; // radians: a pixel from one end of a check to the other
const BLUR_INCHES = 0.006; // so far may an edge wander between two scans of the same ink

/** Where ink ends and paper begins, by the image's own histogram (Otsu's method). */
export function inkThreshold(gray) {
  const counts = new Float64Array(256);
  for (let i = 0; i < gray.length; i++) counts[gray[i]]++;
  let sum = 0;
  for (let value = 0; value < 256; value++) sum += value * counts[value];
  let [dark, darkSum, best, threshold] = [0, 0, -1, 128];
  for (let value = 0; value < 255; value++) {
    dark += counts[value];
    darkSum += value * counts[value];
    const light = gray.length - dark;
    if (!dark || !light) continue;
    const apart = darkSum / dark - (sum - darkSum) / light;
    const between = dark * light * apart * apart;
    if (between > best) [best, threshold] = [between, value + 1];
  }
  return threshold;
}

export function inkOf({ gray }, threshold) {
  const limit = threshold || inkThreshold(gray);
  const ink = new Uint8Array(gray.length);
  for (let i = 0; i < gray.length; i++) ink[i] = gray[i] < limit ? 1 : 0;
  return ink;
}

/** The second image's ink in the pixels of the first; `ratio` is its dots per inch over those of the first. */
function resampled(ink, from, to, ratio, { x: byX, y: byY, tilt }) {
  const out = new Uint8Array(to.width * to.height);
  const [cos, sin] = [Math.cos(tilt) * ratio, Math.sin(tilt) * ratio];
  const [left, top] = [0.5 - to.width / 2 - byX, 0.5 - to.height / 2 - byY];
  for (let y = 0, at = 0; y < to.height; y++) {
    let u = left * cos + (y + top) * sin + from.width / 2;
    let v = (y + top) * cos - left * sin + from.height / 2;
    for (let x = 0; x < to.width; x++, at++, u += cos, v -= sin) {
      if (u >= 0 && v >= 0 && u < from.width && v < from.height) out[at] = ink[(v | 0) * from.width + (u | 0)];
    }
  }
  return out;
}

/** Ink with its surroundings of `by` pixels. */
function grown(ink, { width, height }, by) {
  const across = new Uint8Array(ink.length);
  const out = new Uint8Array(ink.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0, at = y * width; x < width; x++, at++) {
      if (!ink[at]) continue;
      for (let i = Math.max(0, x - by); i <= Math.min(width - 1, x + by); i++) across[y * width + i] = 1;
    }
  }
  for (let y = 0; y < height; y++) {
    const [top, bottom] = [Math.max(0, y - by), Math.min(height - 1, y + by)];
    for (let x = 0, at = y * width; x < width; x++, at++) {
      if (!across[at]) continue;
      for (let i = top; i <= bottom; i++) out[i * width + x] = 1;
    }
  }
  return out;
}

function overlap(points, ink, size, shift) {
  let count = 0;
  for (let i = 0; i < points.length; i += 2) {
    const [x, y] = [points[i] - shift.x, points[i + 1] - shift.y];
    if (x >= 0 && y >= 0 && x < size.width && y < size.height) count += ink[y * size.width + x];
  }
  return count;
}

function pointsOf(ink, width, most) {
  const points = [];
  for (let i = 0; i < ink.length; i++) if (ink[i]) points.push(i % width, (i / width) | 0);
  const every = Math.max(1, Math.ceil(points.length / 2 / most));
  return points.filter((_, i) => ((i >> 1) % every) === 0);
}

function bestShift(points, ink, size, around, reach) {
  let best = { ...around, count: overlap(points, ink, size, around) };
  for (let y = around.y - reach; y <= around.y + reach; y++) {
    for (let x = around.x - reach; x <= around.x + reach; x++) {
      const count = overlap(points, ink, size, { x, y });
      if (count > best.count) best = { x, y, count };
    }
  }
  return best;
}

function smaller(ink, { width, height }, by) {
  const size = { width: Math.ceil(width / by), height: Math.ceil(height / by) };
  const out = new Uint8Array(size.width * size.height);
  for (let i = 0; i < ink.length; i++) if (ink[i]) out[((i / width / by) | 0) * size.width + (((i % width) / by) | 0)] = 1;
  return { ink: out, size };
}

/** Where the ink of some columns of the first image meets most of the second's: rough first, then exact. */
function shiftOf(points, rough, second, size, reach) {
  const near = bestShift(rough.points, rough.ink, rough.size, { x: 0, y: 0 }, Math.ceil(reach / ROUGH));
  return bestShift(points, second, size, { x: near.x * ROUGH, y: near.y * ROUGH }, ROUGH);
}

const columns = (points, from, to) => points.filter((_, i) => points[i - (i % 2)] >= from && points[i - (i % 2)] < to);

/**
 * How the second image lies on the first so that most ink meets: { x, y, tilt }, tilt in radians clockwise. Two scans of
 * a stock are a little off, and a little askew: the left and the right third of the check say by how much.
 */
export function alignment(first, second, size, dpi) {
  const [a, b] = [smaller(first, size, ROUGH), smaller(second, size, ROUGH)];
  const rough = { points: pointsOf(a.ink, a.size.width, 6000), ink: b.ink, size: b.size };
  const points = pointsOf(first, size.width, 12000);
  const third = size.width / 3;
  const reach = REACH_INCHES * dpi;
  const part = (from, to) =>
    shiftOf(columns(points, from, to), { ...rough, points: columns(rough.points, from / ROUGH, to / ROUGH) }, second, size, reach);
  const whole = shiftOf(points, rough, second, size, reach);
  const [left, right] = [part(0, third), part(2 * third, size.width)];
  const tilt = Math.atan2(right.y - left.y, 2 * third);
  const none = overlap(points, second, size, { x: 0, y: 0 });
  // Two stocks have little in common: a shift that gains next to nothing would only look like a fault.
  const straight = whole.count > none * 1.1 ? { x: whole.x, y: whole.y, tilt: 0 } : { x: 0, y: 0, tilt: 0 };
  if (Math.abs(tilt) < LEAST_TILT || left.count + right.count < overlapOf(points, second, size, straight, third) * 1.1) return [straight];
  return [straight, { x: Math.round((left.x + right.x) / 2), y: Math.round((left.y + right.y) / 2), tilt }];
}

/** What the outer thirds have in common with the second image laid straight. */
function overlapOf(points, second, size, shift, third) {
  return overlap(columns(points, 0, third), second, size, shift) + overlap(columns(points, 2 * third, size.width), second, size, shift);
}

/** Two images, each { pixels, dpi }, brought together: their ink in the pixels of the first, and how the second lies. */
export function laidOver(first, second, threshold) {
  const size = { width: first.pixels.width, height: first.pixels.height };
  const ratio = second.dpi / first.dpi;
  const here = inkOf(first.pixels, threshold);
  const ink = inkOf(second.pixels, threshold);
  const onFirst = (lies) => resampled(ink, second.pixels, size, ratio, lies);
  const points = pointsOf(here, size.width, 12000);
  const tried = alignment(here, onFirst({ x: 0, y: 0, tilt: 0 }), size, first.dpi).map((lies) => {
    const there = onFirst(lies);
    return { lies, there, count: overlap(points, there, size, { x: 0, y: 0 }) };
  });
  const { lies, there } = tried.reduce((best, each) => (each.count > best.count ? each : best));
  return { here, there, lies, size, dpi: first.dpi };
}

/**
 * Draws the difference onto `canvas` in `colours` (here, there, both, paper: [r, g, b] each): ink that only the first
 * has is solid, ink that only the second has is hatched. Gives the share of the ink that is only here, and only there.
 */
export function drawDifference({ here, there, size, dpi }, colours, canvas) {
  const blur = Math.max(1, Math.round(BLUR_INCHES * dpi));
  const [hereGrown, thereGrown] = [grown(here, size, blur), grown(there, size, blur)];
  Object.assign(canvas, size);
  const context = canvas.getContext("2d");
  const out = context.createImageData(size.width, size.height);
  const words = new Uint32Array(out.data.buffer);
  const word = ([r, g, b]) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
  const light = colours.there.map((part) => Math.round(part * 0.45 + 255 * 0.55));
  const [onlyHere, onlyThere, hatch, both, paper] = [colours.here, colours.there, light, colours.both, colours.paper].map(word);
  const count = { here: 0, there: 0, all: 0 };
  for (let i = 0; i < words.length; i++) {
    const [a, b] = [here[i], there[i]];
    words[i] = paper;
    if (!a && !b) continue;
    count.all++;
    if (a && !thereGrown[i]) { count.here++; words[i] = onlyHere; }
    else if (b && !hereGrown[i]) { count.there++; words[i] = ((i % size.width) + ((i / size.width) | 0)) % 4 < 2 ? onlyThere : hatch; }
    else words[i] = both;
  }
  context.putImageData(out, 0, 0);
  return { here: count.here / (count.all || 1), there: count.there / (count.all || 1) };
}
