// Trains beside the page, in short slices, so that a message is answered at once.
//
// Messages to it: { task, settings }, with all settings of `makeLearner` and `takeStep`.
//   load    also brings `images` and `heldOut`, 784 an image, bytes or 0..1, and `shown`, the
//           numbers of the held-out images whose reconstructions are wanted; then as reset
//   reset   makes a network, and waits
//   start, pause
//   step    takes one, and waits
//   change  brings settings only, which count from the next step on
// Messages from it:
//   { kind: "pca", errors }, see `pcaErrors`
//   { kind: "snapshot", speed, ... }, images a second, null until they are measured, and `describe`
//   { kind: "fault" }, the loss is no longer finite; only reset helps

import { N_PIXELS, decode, encode, reconstructionError } from "./autoencoder.js";
import { BATCH_SIZE, gather, makeLearner, takeStep } from "./learner.js";
import { pcaErrors } from "./pca.js";

const SLICE = 40; // milliseconds
const BETWEEN_SNAPSHOTS = 500; // milliseconds of training
const LARGEST_CODE = 8;

let settings;
let data; // { images, watched, heldOut, shown }: float32, 784 an image, but for `shown`
let learner;
let timer = 0; // of the next slice, if it is training
let stopwatch; // of the training since the last snapshot
let speed; // images a second, when it was last measured

const TASKS = {
  load({ images, heldOut, shown }) {
    data = { images: toFloat(images), heldOut: toFloat(heldOut), shown };
    data.watched = pickEvenly(data.images, data.heldOut.length / N_PIXELS);
    TASKS.reset();
    const errors = pcaErrors(data.images, data.heldOut, N_PIXELS, LARGEST_CODE);
    postMessage({ kind: "pca", errors });
  },
  reset() {
    halt();
    stopwatch = { steps: 0, time: 0 };
    speed = null;
    learner = makeLearner(data.images, settings);
    takeSnapshot();
  },
  start() {
    timer ||= setTimeout(trainSlice);
  },
  pause() {
    halt();
    takeSnapshot();
  },
  change() {},
  step() {
    halt();
    if (train(() => false)) takeSnapshot();
  },
};

self.addEventListener("message", ({ data: message }) => {
  settings = message.settings ?? settings;
  TASKS[message.task](message);
});

function halt() {
  clearTimeout(timer);
  timer = 0;
}

function trainSlice() {
  const end = performance.now() + SLICE;
  if (!train(() => performance.now() < end)) return;
  if (stopwatch.time >= BETWEEN_SNAPSHOTS) takeSnapshot();
  timer = setTimeout(trainSlice);
}

// Train for one step, and on while there is time; tell whether the loss is still finite.
function train(hasTime) {
  const start = performance.now();
  let loss;
  do {
    ({ loss } = takeStep(learner, settings));
    stopwatch.steps += 1;
  } while (Number.isFinite(loss) && hasTime());
  stopwatch.time += performance.now() - start;
  if (Number.isFinite(loss)) return true;
  halt();
  postMessage({ kind: "fault" });
  return false;
}

function takeSnapshot() {
  const { steps, time } = stopwatch;
  if (steps > 1) speed = (steps * BATCH_SIZE * 1000) / time;
  stopwatch = { steps: 0, time: 0 };
  postMessage({ kind: "snapshot", speed, ...describe() });
}

/**
 * Where the training stands.
 *
 * @returns {Object} step; trainError and heldOutError, mean squared errors a pixel, of images of
 *   which nothing is hidden and codes that are not drawn; codes (N, codeSize) of the held-out
 *   images; reconstructions (n, 784) of those shown.
 */
function describe() {
  const { model, adam } = learner;
  const codes = encode(model, data.heldOut);
  const decoded = decode(model, codes);
  return {
    step: adam.steps,
    trainError: reconstructionError(decode(model, encode(model, data.watched)), data.watched),
    heldOutError: reconstructionError(decoded, data.heldOut),
    codes,
    reconstructions: gather(decoded, data.shown),
  };
}

function toFloat(images) {
  return images instanceof Float32Array ? images : Float32Array.from(images, (ink) => ink / 255);
}

function pickEvenly(images, count) {
  const every = images.length / N_PIXELS / count;
  return gather(images, Array.from({ length: count }, (_, n) => Math.floor(n * every)));
}
