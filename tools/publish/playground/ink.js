// Ink told from paper: `ae_utils/ink.py` for the page, step by step.
//
// Ink and brightness are pictures { width, height, data }.

import {
  clip, crop, gaussianFilter, mapPixels, mirror, pad, quantiles, reach, slideMean, transpose,
  uniformFilter, whiteTophat,
} from "./filters.js";
import { distanceTransform, findObjects, label, makeMask, openUpright } from "./shapes.js";

/** How much ink there is: from 0, paper, to 1, the strongest; all 0 if none stands out. */
export function findInk(grey) {
  const { width, height, data } = grey;
  const none = { width, height, data: new Float64Array(data.length) };
  const [low, high] = findRange(data);
  const side = Math.max(width, height);
  if (high - low <= 0.05 * Math.max(high, -low)) return none; // blank, but for compression
  const smooth = gaussianFilter(rescale(grey, low, high), side / 400);
  const around = uniformFilter(smooth, Math.floor(side / 2));
  const sign = sumCubes(smooth, around) > 0 ? 1 : -1; // ink is rarer, so further from the mean
  const window = Math.max(9, Math.floor(side / 3)); // broader than any stroke
  // A table or a shadow goes on beyond the border.
  const padded = pad(rescale(smooth, 0, sign), window);
  const inside = { left: window, top: window, right: window + width, bottom: window + height };
  const above = crop(whiteTophat(padded, window), inside);
  const [lower, paper, strong] = quantiles(above.data, [0.1, 0.3, 1 - 2e-4]);
  const strongest = strong - paper;
  if (strongest < Math.max(0.15, 15 * (paper - lower))) return none;
  return mapPixels(above, (value) => clip((value - paper) / strongest), Float64Array);
}

/** Take the lines of lined or squared paper out of some ink; they may be as dark as it. */
export function removeRulings(ink) {
  const thick = Math.floor(Math.max(ink.width, ink.height) / 80);
  if (thick === 0) return ink; // in a small picture strokes are as thin
  if (!isNearBorder(ink)) return ink; // no line runs so far: a drawing is spared the search
  const level = findLines(ink, thick);
  if (Math.max(level.count, findLines(transpose(ink), thick).count) < 2) return ink;
  const rest = mapPixels(ink, (value, pixel) => (level.data[pixel] ? 0 : value));
  // Only now, so that no crossings stay.
  const upright = transpose(findLines(transpose(rest), thick));
  return mapPixels(rest, (value, pixel) => (upright.data[pixel] ? 0 : value));
}

/** Where the largest mark is, and others of comparable size: a mask for each. */
export function findMarks(ink) {
  let strong = makeMask(ink, (value) => value > 0.5);
  const pieces = label(strong);
  const sizes = measureLengths(pieces);
  let large = sizes.map((length) => length > Math.max(ink.width, ink.height) / 15);
  const touching = new Set(listBorder(pieces));
  const inside = (number) => !touching.has(number);
  if (large.some((isLarge, number) => isLarge && inside(number))) {
    large = large.map((isLarge, number) => isLarge && inside(number));
    strong = makeMask(strong, (isInk, pixel) => isInk && inside(pieces.data[pixel]));
  }
  if (!large.includes(true)) return [];
  // As within a 5 whose stroke has come off.
  const gap = Math.max(2, 0.15 * Math.max(...sizes.filter((_, number) => large[number])));
  const paper = makeMask(strong, (isInk) => !isInk);
  const bridged = label(makeMask(distanceTransform(paper), (distance) => distance <= gap / 2));
  const groups = mapPixels(bridged, (number, pixel) => number * strong.data[pixel]);
  const lengths = measureLengths(groups);
  const areas = lengths.map(() => 0);
  groups.data.forEach((number) => number && areas[number]++);
  const main = areas.indexOf(Math.max(...areas));
  return [...lengths.keys()]
    .filter((number) => lengths[number] > lengths[main] / 2 && areas[number] > areas[main] / 10)
    .map((number) => makeMask(groups, (each) => each === number));
}

/** The longer side of the box around each label's pixels, by label; 0 for label 0. */
export function measureLengths(labels) {
  return Array.from(findObjects(labels), (box) =>
    box ? Math.max(box.right - box.left, box.bottom - box.top) : 0);
}

function findRange(numbers) {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < numbers.length; i++) {
    low = Math.min(low, numbers[i]);
    high = Math.max(high, numbers[i]);
  }
  return [low, high];
}

// The picture with 0 where it was `zero`, and 1 where it was `one`.
function rescale({ width, height, data }, zero, one) {
  const scaled = new Float32Array(data.length);
  for (let pixel = 0; pixel < data.length; pixel++) {
    scaled[pixel] = (data[pixel] - zero) / (one - zero);
  }
  return { width, height, data: scaled };
}

// Of the differences between two pictures.
function sumCubes(one, other) {
  let sum = 0;
  for (let pixel = 0; pixel < one.data.length; pixel++) {
    const difference = one.data[pixel] - other.data[pixel];
    sum += difference * difference * difference;
  }
  return sum;
}

function listBorder({ width, height, data }) {
  return data.filter((_, pixel) => {
    const column = pixel % width;
    return column === 0 || column === width - 1 || pixel < width || pixel >= width * (height - 1);
  });
}

// Whether anything is seen in the picture's frame. A line that counts comes within an 80th of the
// border with 0.8 of a fifth of the picture's width seen: it is seen in a frame of a 16th.
function isNearBorder({ width, height, data }) {
  const frame = 2 + Math.max(width, height) / 16;
  for (let row = 0, pixel = 0; row < height; row++) {
    const isInside = row >= frame && row < height - frame;
    for (let x = 0; x < width; x++, pixel++) {
      if (data[pixel] > 0.25 && !(isInside && x >= frame && x < width - frame)) return true;
    }
  }
  return false;
}

// Nearly level lines from border to border, a mask, with how many they are as `count`.
function findLines(ink, thick) {
  const { width, height } = ink;
  const seen = makeMask(ink, (value) => value > 0.25);
  const found = { width, height, data: new Uint8Array(width * height) };
  const slopes = Array.from({ length: 15 }, (_, number) => -0.12 + (0.24 / 14) * number);
  slopes.forEach((slope) => markLines(seen, slope, found));
  const labels = label(found);
  const strips = [
    { left: 0, top: 0, right: width, bottom: thick },
    { left: 0, top: height - thick, right: width, bottom: height },
    { left: 0, top: 0, right: thick, bottom: height },
    { left: width - thick, top: 0, right: width, bottom: height },
  ].map((box) => new Set(crop(labels, box).data));
  const across = new Set();
  for (let number = 1; number <= labels.count; number++) {
    if (strips.filter((strip) => strip.has(number)).length >= 2) across.add(number);
  }
  const lines = makeMask(labels, (number, pixel) => seen.data[pixel] && across.has(number));
  const thickened = openUpright(lines, thick + 1).data;
  const thin = makeMask(lines, (isLine, pixel) => isLine && !thickened[pixel]);
  return { ...thin, count: across.size };
}

// Mark in `found` the stretches along lines of a slope of which more than 0.8 are seen.
function markLines(seen, slope, found) {
  const { width, height, data } = seen;
  const window = Math.max(1, Math.floor(width / 5));
  const [before, after] = reach(window);
  const columns = mirror(width, before, after);
  // A line that leaves the picture comes in at the other side.
  const falls = Int32Array.from({ length: width }, (_, x) => wrap(Math.round(slope * x), height));
  const line = new Float64Array(columns.length);
  const share = new Float64Array(width);
  const places = new Int32Array(width); // of the line's pixels in the picture
  countSeen(seen, falls, columns).forEach((count, row) => {
    if (count <= 0.79 * window) return; // no stretch has more
    for (let x = 0; x < width; x++) {
      const down = row + falls[x];
      places[x] = (down < height ? down : down - height) * width + x;
    }
    for (let i = 0; i < line.length; i++) line[i] = data[places[columns[i]]];
    slideMean(line, window, share);
    for (let x = 0; x < width; x++) {
      if (share[x] <= 0.8) continue;
      const end = Math.min(x + before + 1, width);
      for (let near = Math.max(x - after, 0); near < end; near++) found.data[places[near]] = 1;
    }
  });
}

const wrap = (row, height) => ((row % height) + height) % height;

// How many pixels are seen of the line that starts in each row, mirrored at its ends.
function countSeen({ width, height, data }, falls, columns) {
  const times = new Int32Array(width); // that a column stands in a line
  for (const column of columns) times[column]++;
  const counts = new Int32Array(height);
  for (let row = 0, pixel = 0; row < height; row++) {
    for (let x = 0; x < width; x++, pixel++) {
      if (!data[pixel]) continue;
      const start = row - falls[x];
      counts[start < 0 ? start + height : start] += times[x];
    }
  }
  return counts;
}
