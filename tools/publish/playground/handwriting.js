// Your own handwriting: `ae_utils/handwriting.py` for the page, step by step.
//
// A digit is turned light on black and scaled to fit 20 x 20 pixels, its shape kept; then its
// centre of mass is put into the middle of 28 x 28. Strokes thinner than MNIST's thinnest are
// thickened.

import { clip, crop, mapPixels, pad } from "./filters.js";
import { findInk, findMarks, measureLengths, removeRulings } from "./ink.js";
import { fitInto, round, thumbnail } from "./resize.js";
import { binaryDilation, distanceTransform, findObjects, makeMask } from "./shapes.js";

const LONGEST = 600; // pixels that the longer side is shrunk to, where it is longer
const LUMA = [0.299, 0.587, 0.114].map(Math.fround); // what red, green and blue add to brightness
const PEN = 2; // pixels of the 20: the pen of MNIST's thinnest digits
const SIDE = 28; // pixels of an image
const BOX = 20; // pixels of the square that a digit is scaled to fit
const CENTRE = 14; // row and column of a digit's centre of mass, measured on MNIST

/**
 * Turn a picture of one digit into an image as the models take it, by the steps of Python.
 *
 * `pixels`: { width, height, data }, dark on light or light on dark, of 8 x 8 pixels or more;
 * `data` has one number a pixel, or four (RGBA, 0..255) as ImageData has.
 * `name`: what a message calls the picture, such as its file's name.
 * Returns { image }: 784 numbers, 0..1, light on black, row after row. Throws an Error if the
 * picture does not show one mark.
 */
export function readDigit(pixels, name = "drawing") {
  const { width, height } = pixels;
  if (Math.min(width, height) < 8) {
    throw new Error(`${name}: got ${width} x ${height} pixels.\nPass at least 8 x 8 pixels.`);
  }
  const ink = removeRulings(findInk(thumbnail(toGrey(pixels), LONGEST)));
  const marks = findMarks(ink);
  if (!marks.length) {
    throw new Error(
      `${name}: no ink stands out.\nGo nearer, so that the digit fills a tenth of the height ` +
        "or more, or use a darker pen or more light.",
    );
  }
  if (marks.length > 1) {
    const cure = "Cut out one digit, and join its strokes if it has several.";
    throw new Error(`${name}: ${marks.length} marks, where one digit should be.\n${cure}`);
  }
  return { image: centreDigit(fit(ink, marks[0])) };
}

// The brightness. What is transparent is laid on white or black, from which the ink stands out.
function toGrey({ width, height, data }) {
  if (data.length === width * height) return { width, height, data: new Float32Array(data) };
  const brightness = new Float32Array(width * height);
  let white = 0;
  for (let i = 3; i < data.length; i += 4) white = Math.max(white, data[i]);
  white ||= 1;
  let [inked, visible] = [0, 0]; // sums
  for (let pixel = 0, i = 0; pixel < brightness.length; pixel++, i += 4) {
    const luma = LUMA[0] * data[i] + LUMA[1] * data[i + 1] + LUMA[2] * data[i + 2];
    inked += (luma * data[i + 3]) / white;
    visible += data[i + 3] / white;
    brightness[pixel] = luma;
  }
  const ground = inked < (visible * white) / 2 ? white : 0;
  const lay = (luma, pixel) => ground + (data[4 * pixel + 3] / white) * (luma - ground);
  return { width, height, data: brightness.map(lay) };
}

// Scale a mark to fit 20 x 20 pixels, its shape kept, its strokes `PEN` wide at least.
function fit(wholeInk, wholeMark) {
  const around = grow(findObjects(wholeMark)[1], wholeInk); // the rest is not looked at
  const [ink, mark] = [wholeInk, wholeMark].map((picture) => crop(picture, around));
  const near = binaryDilation(mark).data;
  const middle = findMedian(ink.data.filter((_, pixel) => mark.data[pixel]));
  const alone = mapPixels(ink, (value, pixel) => (near[pixel] ? value / middle : 0));
  const depths = distanceTransform(pad(mark, 1, 0)).data.filter((depth) => depth > 0);
  const depth = depths.reduce((sum, each) => sum + each) / depths.length; // 0 is outside
  const width = 4 * depth - 2; // of a stripe, whose pixels are width / 4 + 1 / 2 from its outside
  const length = measureLengths(mark)[1];
  // Length grows along.
  const radius = Math.max(0, ((length * PEN) / BOX - width) / (1 - PEN / BOX) / 2);
  const room = Math.floor(radius) + 1;
  const paper = makeMask(pad(mark, room, 0), (isInk) => !isInk);
  const distances = distanceTransform(paper).data;
  const thickened = mapPixels(pad(alone, room, 0), (value, pixel) =>
    clip(Math.max(value, radius + 0.5 - distances[pixel])));
  const box = findObjects(makeMask(thickened, (value) => value > 0.1))[1];
  return mapPixels(fitInto(crop(thickened, box), BOX), clip);
}

// A box with the pixels around it, as far as the picture has them.
function grow({ left, top, right, bottom }, { width, height }) {
  return {
    left: Math.max(left - 1, 0), top: Math.max(top - 1, 0),
    right: Math.min(right + 1, width), bottom: Math.min(bottom + 1, height),
  };
}

// A digit of 20 x 20 pixels on a black image, its centre of mass where MNIST's is: 784 numbers,
// whole 255ths as those of stored images.
function centreDigit({ data }) {
  let [total, across, down] = [0, 0, 0];
  data.forEach((value, pixel) => {
    total += value;
    across += value * (pixel % BOX);
    down += value * Math.floor(pixel / BOX);
  });
  // A symmetric digit, whose place is between two pixels, goes down and right in every browser.
  const [left, top] = [across, down].map((sum) =>
    Math.min(Math.max(Math.round(CENTRE + 1e-4 - sum / total), 0), SIDE - BOX));
  const image = new Float32Array(SIDE * SIDE);
  data.forEach((value, pixel) => {
    const row = top + Math.floor(pixel / BOX);
    image[row * SIDE + left + (pixel % BOX)] = round(Math.fround(255 * value)) / 255;
  });
  return image;
}

// The middle one of some numbers, or the mean of the two in the middle.
function findMedian(numbers) {
  const sorted = numbers.sort();
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
}
