// Adam, the optimizer of the series.

const [BETA1, BETA2] = [0.9, 0.99]; // how long it remembers gradients, and their squares
const EPSILON = 1e-8;

/** What Adam remembers of each weight and bias of a network's layers: at first nothing. */
export function makeAdam(layers) {
  const remember = (numbers) => ({
    mean: new Float32Array(numbers.length),
    square: new Float32Array(numbers.length),
  });
  const moments = {};
  for (const [name, { weight, bias }] of Object.entries(layers)) {
    moments[name] = { weight: remember(weight), bias: remember(bias) };
  }
  return { moments, steps: 0 };
}

/**
 * Take a step: change the layers in place. A layer without gradients stays as it is.
 *
 * @param {Object} adam what `makeAdam` gives; it remembers this step.
 * @param {Object} gradients by the layer's name, { weight, bias }.
 * @param {number} rate the learning rate.
 *
 * Source: Kingma & Ba 2015, algorithm 1.
 */
export function stepAdam(adam, layers, gradients, rate) {
  adam.steps += 1;
  const size = rate / (1 - BETA1 ** adam.steps);
  const unit = Math.sqrt(1 - BETA2 ** adam.steps);
  for (const name of Object.keys(gradients)) {
    for (const kind of ["weight", "bias"]) {
      move(layers[name][kind], gradients[name][kind], adam.moments[name][kind], size, unit);
    }
  }
}

function move(numbers, gradient, { mean, square }, size, unit) {
  for (let i = 0; i < numbers.length; i++) {
    mean[i] += (1 - BETA1) * (gradient[i] - mean[i]);
    square[i] += (1 - BETA2) * (gradient[i] ** 2 - square[i]);
    numbers[i] -= (size * mean[i]) / (Math.sqrt(square[i]) / unit + EPSILON);
  }
}
