// A small autoencoder, 784 -> 64 -> code -> 64 -> 784, its loss and the loss's gradients.
//
// It is built as `dense_autoencoder` is: pixels are standardized, SiLU stands between the layers, a
// sigmoid comes last, and the decoder starts at the mean image. A linear one has neither SiLU nor
// sigmoid. Beside the layer that gives the middle of a code's cloud lies one that gives the
// log-variance; it plays no part while the KL divergence has no weight.

import {
  applyLayer, inputGradient, layerGradients, makeLayer, sigmoid, silu, siluSlope,
} from "./dense.js";

export const N_PIXELS = 784;
const N_HIDDEN = 64;
const [PIXEL_MEAN, PIXEL_SD] = [0.1307, 0.3081]; // over MNIST's training images
const SILU_GAIN = 1.676; // with it, a hidden layer hands on the variance that it receives
const LOG_VARIANCE = -2; // before training: clouds of width 0.37

// What a nat of KL divergence adds to the loss where beta is 1. If pixels are Gaussian around the
// decoder's grey, with variance s^2, minus the ELBO in nats is 784 / (2 s^2) times the mean squared
// error, plus the KL divergence and a constant. Divided by that factor it is the loss here, so that
// errors compare with those of the series. The best s^2 is the error that is left: about 0.04.
const PIXEL_VARIANCE = 0.04;
export const NAT = (2 * PIXEL_VARIANCE) / N_PIXELS;

/**
 * An autoencoder before training.
 *
 * @param {Object} settings codeSize: numbers in a code; linear: whether it has no functions.
 * @param {Function} random what `makeRandom` gives.
 * @param {Float32Array} meanImage (784) in 0..1, where the decoder starts.
 */
export function makeAutoencoder({ codeSize, linear }, random, meanImage) {
  const gain = linear ? 1 : SILU_GAIN;
  const lastGain = linear ? 0.1 : 0.5; // about the same, since the sigmoid flattens what it is given
  const layers = {
    encoderHidden: makeLayer(random, N_PIXELS, N_HIDDEN, gain),
    mean: makeLayer(random, N_HIDDEN, codeSize, 1),
    logVariance: makeLayer(random, N_HIDDEN, codeSize, 0.1),
    decoderHidden: makeLayer(random, codeSize, N_HIDDEN, gain),
    pixels: makeLayer(random, N_HIDDEN, N_PIXELS, lastGain),
  };
  layers.logVariance.bias.fill(LOG_VARIANCE);
  layers.pixels.bias.set(linear ? meanImage : meanImage.map(logit));
  return { codeSize, linear, layers };
}

function logit(pixel) {
  const share = Math.min(Math.max(pixel, 1e-3), 1 - 1e-3);
  return Math.log(share / (1 - share));
}

/** Images (B, 784) in 0..1 become codes (B, codeSize), the middles of their clouds. */
export function encode(model, x) {
  return applyLayer(model.layers.mean, passHidden(model, "encoderHidden", standardize(x)).outputs);
}

/** Codes (B, codeSize) become images (B, 784), in 0..1 unless the network is linear. */
export function decode(model, codes) {
  return passDecoder(model, codes).xHat;
}

/** Mean squared error a pixel. */
export function reconstructionError(xHat, x) {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (xHat[i] - x[i]) ** 2;
  return sum / x.length;
}

/**
 * The loss of a batch, error + beta * NAT * KL divergence, and its gradients.
 *
 * @param {Object} model what `makeAutoencoder` gives.
 * @param {Float32Array} x (B, 784) in 0..1, what the decoder should give back.
 * @param {Float32Array} seen (B, 784), what the encoder is shown of it.
 * @param {number} beta weight of the KL divergence. With 0, a code is the middle of its cloud.
 * @param {Float32Array} draws (B, codeSize) from N(0, 1), to draw codes with unless beta is 0.
 * @returns {Object} loss; error, the mean squared error a pixel; gradients, by the layer's name.
 *
 * Source: Kingma & Welling 2014, section 2.4 and appendix B.
 */
export function findGradients(model, x, seen, beta, draws) {
  const nat = (beta * NAT * N_PIXELS) / x.length; // of one image, in the mean over the batch
  const up = passEncoder(model, seen);
  const cloud = beta ? drawCodes(up, draws) : { codes: up.mean, kl: 0 };
  const down = passDecoder(model, cloud.codes);
  const error = reconstructionError(down.xHat, x);
  const { byCodes, ...gradients } = decoderGradients(model, x, cloud.codes, down);
  Object.assign(gradients, encoderGradients(model, up, byCodes, nat, cloud));
  return { loss: error + nat * cloud.kl, error, gradients };
}

function passEncoder(model, seen) {
  const inputs = standardize(seen);
  const { sums, outputs } = passHidden(model, "encoderHidden", inputs);
  const [mean, logVariance] = ["mean", "logVariance"].map((name) =>
    applyLayer(model.layers[name], outputs),
  );
  return { inputs, sums, outputs, mean, logVariance };
}

// A code of each image's cloud; `kl` is the sum over the images, in nats.
function drawCodes({ mean, logVariance }, draws) {
  const width = logVariance.map((each) => Math.exp(each / 2));
  const codes = mean.map((middle, i) => middle + width[i] * draws[i]);
  const nats = mean.map((middle, i) => (middle ** 2 + width[i] ** 2 - logVariance[i] - 1) / 2);
  return { codes, width, draws, kl: nats.reduce((sum, each) => sum + each, 0) };
}

function passDecoder(model, codes) {
  const { sums, outputs } = passHidden(model, "decoderHidden", codes);
  const logits = applyLayer(model.layers.pixels, outputs);
  return { sums, outputs, xHat: model.linear ? logits : logits.map(sigmoid) };
}

function decoderGradients({ layers, linear }, x, codes, { sums, outputs, xHat }) {
  const byLogits = xHat.map((pixel, i) => {
    const slope = linear ? 1 : pixel * (1 - pixel);
    return (2 / x.length) * (pixel - x[i]) * slope;
  });
  const bySums = passHiddenBack(linear, sums, inputGradient(layers.pixels, byLogits));
  return {
    pixels: layerGradients(layers.pixels, outputs, byLogits),
    decoderHidden: layerGradients(layers.decoderHidden, codes, bySums),
    byCodes: inputGradient(layers.decoderHidden, bySums),
  };
}

function encoderGradients({ layers, linear }, up, byCodes, nat, { width, draws }) {
  const gradients = {};
  const byOutputs = new Float32Array(up.outputs.length);
  const passBack = (name, gradient) => {
    gradients[name] = layerGradients(layers[name], up.outputs, gradient);
    inputGradient(layers[name], gradient).forEach((each, i) => (byOutputs[i] += each));
  };
  passBack("mean", byCodes.map((each, i) => each + nat * up.mean[i]));
  if (nat) {
    const byWidth = (each, i) => (each * draws[i] * width[i] + nat * (width[i] ** 2 - 1)) / 2;
    passBack("logVariance", byCodes.map(byWidth));
  }
  const bySums = passHiddenBack(linear, up.sums, byOutputs);
  gradients.encoderHidden = layerGradients(layers.encoderHidden, up.inputs, bySums);
  return gradients;
}

function standardize(x) {
  return x.map((pixel) => (pixel - PIXEL_MEAN) / PIXEL_SD);
}

function passHidden({ layers, linear }, name, inputs) {
  const sums = applyLayer(layers[name], inputs);
  return { sums, outputs: linear ? sums : sums.map(silu) };
}

function passHiddenBack(linear, sums, outGradient) {
  return linear ? outGradient : outGradient.map((each, i) => each * siluSlope(sums[i]));
}
