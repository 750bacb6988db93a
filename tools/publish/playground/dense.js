// What a network of fully connected layers is made of: each part, and how gradients pass it.
//
// A layer is { weight, bias, fanIn }; `weight` holds row after row, one row of `fanIn` numbers for
// each output, as in PyTorch. A batch holds image after image. "Gradient" is always that of the
// loss: `outGradient` by the layer's outputs.

import { multiplyRows, sumRows, transpose } from "./matrices.js";
import { drawNormals } from "./random.js";

/** A layer with weights from N(0, gain^2 / fanIn) and biases 0. */
export function makeLayer(random, fanIn, fanOut, gain) {
  const weight = drawNormals(random, fanIn * fanOut, gain / Math.sqrt(fanIn));
  return { weight, bias: new Float32Array(fanOut), fanIn };
}

/** Inputs (B, fanIn) become outputs (B, fanOut). */
export function applyLayer({ weight, bias, fanIn }, inputs) {
  const outputs = multiplyRows(inputs, weight, fanIn);
  const fanOut = bias.length;
  for (let start = 0; start < outputs.length; start += fanOut) {
    for (let i = 0; i < fanOut; i++) outputs[start + i] += bias[i];
  }
  return outputs;
}

/** The gradients of a layer's weights and biases, from those of its outputs. */
export function layerGradients({ bias, fanIn }, inputs, outGradient) {
  const fanOut = bias.length;
  const batchSize = inputs.length / fanIn;
  const byOutput = transpose(outGradient, fanOut); // (fanOut, B)
  const byInput = transpose(inputs, fanIn); // (fanIn, B)
  return {
    weight: multiplyRows(byOutput, byInput, batchSize),
    bias: sumRows(outGradient, fanOut),
  };
}

/** The gradient by a layer's inputs, (B, fanIn), from that by its outputs. */
export function inputGradient({ weight, bias, fanIn }, outGradient) {
  return multiplyRows(outGradient, transpose(weight, fanIn), bias.length);
}

export const sigmoid = (t) => 1 / (1 + Math.exp(-t));

export const silu = (t) => t * sigmoid(t);

/** The slope of SiLU. */
export function siluSlope(t) {
  const share = sigmoid(t);
  return share * (1 + t * (1 - share));
}
