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
  const side = Math.sqrt(inputs.length / channels) / stride;
  const { rows, small, large } = join(side, stride);
  const outputs = startWith(bias, small);
  for (let to = 0; to < bias.length; to++) {
    for (let from = 0; from < channels; from++) {
      const factors = (to * channels + from) * 9;
      for (const { part, here, there, count } of rows) {
        const factor = weight[factors + part];
        const output = to * small + here;
        const input = from * large + there;
        for (let x = 0; x < count; x++) outputs[output + x] += factor * inputs[input + x * stride];
      }
    }
  }
  return outputs;
}

// A transposed convolution of 3 x 3: each input is spread over nine outputs, and these overlap. A
// channel of the output is `stride` times as wide and as high as one of the input.
function applyTransposed({ weight, bias, stride }, inputs) {
  const channels = weight.length / bias.length / 9; // of the input
  const side = Math.sqrt(inputs.length / channels);
  const { rows, small, large } = join(side, stride);
  const outputs = startWith(bias, large);
  for (let from = 0; from < channels; from++) {
    for (let to = 0; to < bias.length; to++) {
      const factors = (from * bias.length + to) * 9;
      for (const { part, here, there, count } of rows) {
        const factor = weight[factors + part];
        const input = from * small + here;
        const output = to * large + there;
        for (let x = 0; x < count; x++) outputs[output + x * stride] += factor * inputs[input + x];
      }
    }
  }
  return outputs;
}

// Channels of so many pixels that hold nothing yet but their bias.
function startWith(bias, pixels) {
  const outputs = new Float32Array(bias.length * pixels);
  bias.forEach((start, channel) => outputs.fill(start, channel * pixels, (channel + 1) * pixels));
  return outputs;
}

// What each of nine factors joins, row after row: pixels of a channel with `side` of them along each
// axis, `small` in all, and every `stride`-th of a row in a channel of `large`.
function join(side, stride) {
  const rows = [];
  const wide = side * stride;
  for (let part = 0; part < 9; part++) {
    const down = Math.floor(part / 3) - 1; // where this ninth is
    const right = (part % 3) - 1;
    const first = right < 0 ? 1 : 0;
    const last = right + (side - 1) * stride < wide ? side : side - 1;
    for (let y = down < 0 ? 1 : 0; y < side && y * stride + down < wide; y++) {
      const there = (y * stride + down) * wide + first * stride + right;
      rows.push({ part, here: y * side + first, there, count: last - first });
    }
  }
  return { rows, small: side * side, large: wide * wide };
}
