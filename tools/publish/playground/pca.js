// The error that principal component analysis leaves, to compare a training with.

import { meanRow, multiplyRows, transpose } from "./matrices.js";
import { drawNormals, makeRandom } from "./random.js";

const N_ROUNDS = 20;

/**
 * Mean squared error a pixel, for each number of directions from 0 to `nDirections`.
 *
 * @param {Float32Array} images (N, nPixels), what PCA is fitted to.
 * @param {Float32Array} heldOut (M, nPixels), what the error is of.
 *
 * Source: orthogonal iteration, Golub & Van Loan, 'Matrix Computations', section 8.2.
 */
export function pcaErrors(images, heldOut, nPixels, nDirections) {
  const mean = meanRow(images, nPixels);
  const directions = findDirections(subtract(images, mean), nPixels, nDirections);
  const rest = subtract(heldOut, mean);
  const places = multiplyRows(directions, rest, nPixels); // (nDirections, M)
  const errors = [sumSquares(rest) / rest.length];
  for (let n = 0; n < nDirections; n++) {
    const count = heldOut.length / nPixels;
    const explained = sumSquares(places.subarray(n * count, (n + 1) * count)) / rest.length;
    errors.push(errors[n] - explained);
  }
  return errors;
}

// Applied again and again, the covariance turns any directions into those of the widest spread.
function findDirections(centred, nPixels, nDirections) {
  const byPixel = transpose(centred, nPixels); // (nPixels, N)
  let directions = drawNormals(makeRandom(0), nDirections * nPixels);
  for (let round = 0; round < N_ROUNDS; round++) {
    const places = multiplyRows(directions, centred, nPixels); // (nDirections, N)
    directions = multiplyRows(places, byPixel, centred.length / nPixels);
    orthonormalize(directions, nPixels);
  }
  return directions;
}

// Gram and Schmidt: take from each row what earlier rows hold, then give it the length 1.
function orthonormalize(rows, length) {
  for (let start = 0; start < rows.length; start += length) {
    const row = rows.subarray(start, start + length);
    for (let earlier = 0; earlier < start; earlier += length) {
      const other = rows.subarray(earlier, earlier + length);
      const [share] = multiplyRows(row, other, length);
      for (let i = 0; i < length; i++) row[i] -= share * other[i];
    }
    const size = Math.sqrt(sumSquares(row));
    for (let i = 0; i < length; i++) row[i] /= size;
  }
}

function subtract(images, mean) {
  return images.map((pixel, i) => pixel - mean[i % mean.length]);
}

function sumSquares(numbers) {
  return numbers.reduce((sum, each) => sum + each ** 2, 0);
}
