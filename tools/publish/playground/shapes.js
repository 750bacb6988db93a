// Shapes in masks, each found as scipy.ndimage finds it.
//
// A mask is a picture { width, height, data } of 0 and 1, as Uint8Array.

import { mapPixels } from "./filters.js";

export function makeMask(picture, isInside) {
  return mapPixels(picture, isInside, Uint8Array);
}

// Number the pieces of a mask, from 1 in the order of their first pixels; 0 is outside. Pixels that
// touch at a corner belong together.
export function label({ width, height, data }) {
  const labels = new Int32Array(data.length);
  const waiting = [];
  let count = 0;
  const take = (pixel) => {
    labels[pixel] = count;
    waiting.push(pixel);
  };
  for (let first = 0; first < data.length; first++) {
    if (!data[first] || labels[first]) continue;
    count++;
    take(first);
    while (waiting.length) {
      const pixel = waiting.pop();
      const column = pixel % width;
      const right = Math.min(column + 1, width - 1) - column;
      for (let above = pixel - width; above <= pixel + width; above += width) {
        if (above < 0 || above >= data.length) continue;
        for (let near = above - (column > 0); near <= above + right; near++) {
          if (data[near] && !labels[near]) take(near);
        }
      }
    }
  }
  return { width, height, data: labels, count };
}

// The box around the pixels of each number, at its index: { left, top, right, bottom }, the last
// two beyond them; none at 0.
export function findObjects({ width, data }) {
  const boxes = [];
  for (let pixel = 0; pixel < data.length; pixel++) {
    if (!data[pixel]) continue;
    const column = pixel % width;
    const row = (pixel - column) / width;
    const box = (boxes[data[pixel]] ??= { left: column, top: row, right: 0, bottom: 0 });
    box.left = Math.min(box.left, column);
    box.right = Math.max(box.right, column + 1);
    box.bottom = row + 1;
  }
  return boxes;
}

// Each pixel's distance from the nearest pixel outside the mask, exactly.
// Source: Meijster et al. 2000, 'A General Algorithm for Computing Distance Transforms in Linear
// Time'.
export function distanceTransform({ width, height, data }) {
  const upright = measureUpright({ width, height, data });
  const distances = new Float64Array(data.length);
  const columns = new Int32Array(width); // each is the nearest for some pixels of the row,
  const starts = new Int32Array(width); // from this one on
  for (let row = 0; row < height; row++) {
    const squares = upright.subarray(row * width, (row + 1) * width);
    const reachTo = (column, x) => (x - column) ** 2 + squares[column];
    let last = 0;
    columns[0] = starts[0] = 0;
    for (let column = 1; column < width; column++) {
      while (last >= 0 && reachTo(columns[last], starts[last]) > reachTo(column, starts[last])) {
        last--;
      }
      const other = columns[last];
      const start = last < 0 ? 0 : 1 + Math.floor(
        (column ** 2 - other ** 2 + squares[column] - squares[other]) / (2 * (column - other)),
      );
      if (start >= width) continue;
      last++;
      columns[last] = column;
      starts[last] = start;
    }
    for (let x = width - 1; x >= 0; x--) {
      distances[row * width + x] = Math.sqrt(reachTo(columns[last], x));
      if (x === starts[last]) last--;
    }
  }
  return { width, height, data: distances };
}

// The squares of the distances from the nearest pixel outside the mask in the same column.
function measureUpright({ width, height, data }) {
  const far = width + height;
  const squares = new Float64Array(data.length);
  for (let column = 0; column < width; column++) {
    let distance = far;
    for (let pixel = column; pixel < data.length; pixel += width) {
      distance = data[pixel] ? Math.min(distance + 1, far) : 0;
      squares[pixel] = distance;
    }
    distance = far;
    for (let pixel = data.length - width + column; pixel >= 0; pixel -= width) {
      distance = data[pixel] ? Math.min(distance + 1, far) : 0;
      squares[pixel] = Math.min(distance, squares[pixel]) ** 2;
    }
  }
  return squares;
}

// A mask and all that touches it.
export function binaryDilation(mask) {
  const { width, height, data } = mask;
  const result = new Uint8Array(data.length);
  for (let pixel = 0; pixel < data.length; pixel++) {
    if (!data[pixel]) continue;
    const column = pixel % width;
    const from = column > 0 ? -1 : 0;
    const to = column < width - 1 ? 2 : 1;
    for (let above = pixel - width; above <= pixel + width; above += width) {
      if (above >= 0 && above < data.length) result.fill(1, above + from, above + to);
    }
  }
  return { width, height, data: result };
}

// What holds of a mask an upright bar of some pixels, moved about in it.
export function openUpright({ width, height, data }, length) {
  const result = new Uint8Array(data.length);
  for (let column = 0; column < width; column++) {
    let run = 0;
    for (let pixel = column; pixel < data.length; pixel += width) {
      run = data[pixel] ? run + 1 : 0;
      if (run === length) for (let k = 0; k < length; k++) result[pixel - k * width] = 1;
      if (run > length) result[pixel] = 1;
    }
  }
  return { width, height, data: result };
}
