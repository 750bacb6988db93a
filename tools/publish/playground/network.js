// A network as the page carries it: layer after layer, as PyTorch computes it.

import { unpack } from "./numbers.js";

const FUNCTIONS = {
  sigmoid: (t) => 1 / (1 + Math.exp(-t)),
  silu: (t) => t / (1 + Math.exp(-t)),
  tanh: Math.tanh,
  leaky: (t, { slope }) => (t < 0 ? slope * t : t),
  standardize: (t, { mean, sd }) => (t - mean) / sd,
};

export function unpackLayers(layers) {
  return layers.map((layer) =>
    layer.weight ? { ...layer, weight: unpack(layer.weight), bias: unpack(layer.bias) } : layer,
  );
}

// A decoder's layers turn a point into 784 pixels, an encoder's turn these into a point.
export function run(layers, numbers) {
  return layers.reduce(apply, Float32Array.from(numbers));
}

function apply(values, layer) {
  if (layer.kind === "linear") return applyLinear(layer, values);
  if (layer.kind === "convolution") return applyConvolution(layer, values);
  if (layer.kind === "transposed") return applyTransposed(layer, values);
  return values.map((value) => FUNCTIONS[layer.kind](value, layer));
}

function applyLinear({ weight, bias }, inputs) {
  return bias.map((start, row) => {
    let sum = start;
    const offset = row * inputs.length; // of this row in `weight`, which holds row after row
    for (let i = 0; i < inputs.length; i++) sum += weight[offset + i] * inputs[i];
    return sum;
  });
}

// A convolution of 3 x 3: each output is a sum over nine inputs of each channel. A channel of the
// input is `stride` times as wide and as high as one of the output.
function applyConvolution({ weight, bias, stride }, inputs) {
  const channels = weight.length / bias.length / 9; // of the input
  const wide = Math.sqrt(inputs.length / channels);
  const side = wide / stride;
  const outputs = new Float32Array(bias.length * side * side);
  bias.forEach((start, to) => outputs.fill(start, to * side * side, (to + 1) * side * side));
  for (let to = 0; to < bias.length; to++) {
    for (let from = 0; from < channels; from++) {
      const factors = weight.subarray((to * channels + from) * 9);
      join(from, to, side, stride, factors, (large, small, factor) => {
        outputs[small] += factor * inputs[large];
      });
    }
  }
  return outputs;
}

// A transposed convolution of 3 x 3: each input is spread over nine outputs, and these overlap. A
// channel of the output is `stride` times as wide and as high as one of the input.
function applyTransposed({ weight, bias, stride }, inputs) {
  const channels = weight.length / bias.length / 9; // of the input
  const side = Math.sqrt(inputs.length / channels);
  const wide = side * stride;
  const outputs = new Float32Array(bias.length * wide * wide);
  bias.forEach((start, to) => outputs.fill(start, to * wide * wide, (to + 1) * wide * wide));
  for (let from = 0; from < channels; from++) {
    for (let to = 0; to < bias.length; to++) {
      const factors = weight.subarray((from * bias.length + to) * 9);
      join(to, from, side, stride, factors, (large, small, factor) => {
        outputs[large] += factor * inputs[small];
      });
    }
  }
  return outputs;
}

// Visits all pairs of a pixel in a channel of the larger images and one in a channel of the smaller
// ones that one of nine factors joins.
function join(large, small, side, stride, factors, visit) {
  const wide = side * stride;
  for (let part = 0; part < 9; part++) {
    const down = Math.floor(part / 3) - 1; // where this ninth is
    const right = (part % 3) - 1;
    for (let y = down < 0 ? 1 : 0; y < side && y * stride + down < wide; y++) {
      let there = (large * wide + y * stride + down) * wide + right;
      let here = (small * side + y) * side;
      for (let x = 0; x < side; x++, here++, there += stride) {
        const column = x * stride + right;
        if (column >= 0 && column < wide) visit(there, here, factors[part]);
      }
    }
  }
}
