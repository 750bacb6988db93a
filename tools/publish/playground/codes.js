// Codes of any size on a map. Of large ones the first two numbers are seen; those of one number lie
// in a row for each digit.

import { drawMap } from "./map.js";

/**
 * Draw codes into the canvas of an element as wide as it is high.
 *
 * @param {Float32Array} codes as many numbers for each image.
 * @param {Object} images labels: an Array with a digit for each image; colours: one for each digit.
 */
export function drawCodes(map, codes, { labels, colours }) {
  const size = codes.length / labels.length;
  const points = labels.map((digit, n) =>
    size === 1 ? [codes[n], spread(digit, n)] : [codes[n * size], codes[n * size + 1]],
  );
  const limits = [0, 1].map((axis) => limitsAround(points.map((point) => point[axis])));
  if (size === 1) limits[1] = [-0.5, 9.5];
  drawMap(map, {
    limits,
    codes: Float32Array.from(points.flat()),
    labels,
    colours,
    centres: size === 1 ? [] : findCentres(points, labels),
    names: ["z1", size === 1 ? "digit" : "z2"],
    radius: 2,
  });
}

/** What the map of codes of this size shows. */
export function describeMap(size) {
  if (size === 1) return "the one number of each held-out image, in a row for each digit";
  const shown = size === 2 ? "codes" : `the first two of the ${size} numbers`;
  return `${shown} of the held-out images, a colour a digit`;
}

// Heights within a digit's row, so that dots hide fewer others.
function spread(digit, n) {
  return Number(digit) + 0.6 * (((n * 0.618) % 1) - 0.5);
}

// Where the medians of each digit's points are.
function findCentres(points, labels) {
  return [...new Set(labels)].map((digit) => {
    const own = points.filter((_, n) => labels[n] === digit);
    const median = (axis) => sort(own.map((point) => point[axis]))[own.length >> 1];
    return [digit, median(0), median(1)];
  });
}

// Nearly all values, and some room.
function limitsAround(values) {
  const sorted = sort(values);
  const outside = Math.round(0.01 * (sorted.length - 1));
  const [low, high] = [sorted[outside], sorted[sorted.length - 1 - outside]];
  const room = 0.08 * (high - low) || 0.5;
  return [low - room, high + room];
}

const sort = (values) => values.toSorted((one, other) => one - other);
