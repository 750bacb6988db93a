// Training, as the series does it: draw a batch, reconstruct, go back, let Adam take a step.

import { makeAdam, stepAdam } from "./adam.js";
import { N_PIXELS, findGradients, makeAutoencoder } from "./autoencoder.js";
import { meanRow } from "./matrices.js";
import { drawBatches, drawNormals, makeRandom } from "./random.js";

export const BATCH_SIZE = 32;
const WARM_UP = 100; // steps in which the learning rate rises; no end is known, so it never falls

/**
 * A network before training, and the images that it learns from.
 *
 * @param {Float32Array} images (N, 784) in 0..1.
 * @param {Object} settings codeSize, linear, as in `makeAutoencoder`; seed.
 */
export function makeLearner(images, settings) {
  const random = makeRandom(settings.seed);
  const model = makeAutoencoder(settings, random, meanRow(images, N_PIXELS));
  const batches = drawBatches(random, images.length / N_PIXELS, BATCH_SIZE);
  return { images, random, batches, model, adam: makeAdam(model.layers) };
}

/**
 * Train on the next batch.
 *
 * @param {Object} settings what may change at any step. noise: the share of the pixels that the
 *   encoder does not see; beta: the weight of the KL divergence, as in `findGradients`; rate: the
 *   learning rate.
 * @returns {Object} loss and error of the batch, as in `findGradients`.
 */
export function takeStep({ images, random, batches, model, adam }, { noise, beta, rate }) {
  const x = gather(images, batches.next().value);
  const seen = noise ? maskPixels(random, x, noise) : x;
  const draws = beta ? drawNormals(random, (x.length / N_PIXELS) * model.codeSize) : null;
  return learn(model, adam, x, seen, { beta, rate, draws });
}

/** Change the network by one batch, whatever was hidden and drawn; see `findGradients`. */
export function learn(model, adam, x, seen, { beta, rate, draws }) {
  const { loss, error, gradients } = findGradients(model, x, seen, beta, draws);
  const risen = Math.min((adam.steps + 1) / WARM_UP, 1);
  stepAdam(adam, model.layers, gradients, rate * risen);
  return { loss, error };
}

/** Some of the images, (B, 784). */
export function gather(images, numbers) {
  const x = new Float32Array(numbers.length * N_PIXELS);
  numbers.forEach((number, row) => {
    x.set(images.subarray(number * N_PIXELS, (number + 1) * N_PIXELS), row * N_PIXELS);
  });
  return x;
}

/** A copy in which each pixel is 0 with the chance `share`. */
export function maskPixels(random, x, share) {
  return x.map((pixel) => (random() < share ? 0 : pixel));
}
