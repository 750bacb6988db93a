// Pictures made smaller or larger, as PIL does it with one number a pixel (its mode F).

const SUPPORT = { box: 0.5, bicubic: 2 }; // how far a kernel reaches
const KERNELS = { box: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0), bicubic: weighCubic };

// Source: Keys 1981, with a = -1/2.
function weighCubic(x) {
  const far = Math.abs(x);
  if (far < 1) return (1.5 * far - 2.5) * far * far + 1;
  return far < 2 ? ((-0.5 * far + 2.5) * far - 4) * far + 2 : 0;
}

// As Python rounds: halves to the even neighbour.
export function round(number) {
  const below = Math.floor(number);
  if (number - below !== 0.5) return Math.round(number);
  return below % 2 ? below + 1 : below;
}

/** Make the longer side `side` pixels at most, by averaging over areas. */
export function thumbnail(picture, side) {
  const { width, height } = picture;
  if (Math.max(width, height) <= side) return picture;
  const [wide, high] = shrinkSides(width / height, side);
  const across = Math.max(1, Math.floor(width / wide / 2)); // a first step by whole pixels, in two
  const down = Math.max(1, Math.floor(height / high / 2)); // or more times of the wanted size
  return resize(reduce(picture, across, down), wide, high, "box", width / across, height / down);
}

// The sides nearest in shape to a picture that is `aspect` times as wide as high.
function shrinkSides(aspect, side) {
  const choose = (number, misfit) => {
    const [below, above] = [Math.floor(number), Math.ceil(number)];
    return Math.max(1, misfit(below) <= misfit(above) ? below : above);
  };
  if (aspect <= 1) return [choose(side * aspect, (n) => Math.abs(aspect - n / side)), side];
  return [side, choose(side / aspect, (n) => (n ? Math.abs(aspect - side / n) : 0))];
}

// Means of blocks; those at the right and at the bottom may be smaller.
function reduce({ width, height, data }, across, down) {
  const wide = Math.ceil(width / across);
  const high = Math.ceil(height / down);
  const means = new Float32Array(wide * high);
  for (let to = 0; to < means.length; to++) {
    const left = (to % wide) * across;
    const top = Math.floor(to / wide) * down;
    const right = Math.min(left + across, width);
    const bottom = Math.min(top + down, height);
    let sum = 0;
    for (let row = top; row < bottom; row++) {
      for (let column = left; column < right; column++) sum += data[row * width + column];
    }
    means[to] = sum / ((right - left) * (bottom - top));
  }
  return { width: wide, height: high, data: means };
}

/** Fit a picture into a square, its shape kept, with 0 on both sides of it. */
export function fitInto(picture, side) {
  const { width, height } = picture;
  const wide = width < height ? Math.max(1, round((width / height) * side)) : side;
  const high = height < width ? Math.max(1, round((height / width) * side)) : side;
  const { data } = resize(picture, wide, high, "bicubic");
  const left = round((side - wide) / 2);
  const top = round((side - high) / 2);
  const square = new Float32Array(side * side);
  for (let row = 0; row < high; row++) {
    square.set(data.subarray(row * wide, (row + 1) * wide), (top + row) * side + left);
  }
  return { width: side, height: side, data: square };
}

/** Resample a picture, or its first `spanX` x `spanY` pixels, first its rows, then its columns. */
export function resize(picture, width, height, kernel, spanX, spanY) {
  const data = new Float32Array(picture.data);
  const across = weigh(picture.width, width, kernel, spanX);
  const wide = new Float32Array(width * picture.height);
  for (let to = 0; to < wide.length; to++) {
    const start = Math.floor(to / width) * picture.width;
    wide[to] = sum(across[to % width], (from) => data[start + from]);
  }
  const down = weigh(picture.height, height, kernel, spanY);
  const result = new Float32Array(width * height);
  for (let to = 0; to < result.length; to++) {
    result[to] = sum(down[Math.floor(to / width)], (from) => wide[from * width + (to % width)]);
  }
  return { width, height, data: result };
}

const sum = ({ first, weights }, look) =>
  weights.reduce((total, weight, i) => total + weight * look(first + i), 0);

// For each pixel of a resampled line, the first pixel that it comes from, and the weights.
function weigh(length, wanted, kernel, span = length) {
  const scale = span / wanted;
  const blur = Math.max(scale, 1);
  return Array.from({ length: wanted }, (_, to) => {
    const centre = (to + 0.5) * scale;
    const reach = SUPPORT[kernel] * blur;
    const first = Math.max(0, Math.floor(centre - reach + 0.5));
    const end = Math.min(length, Math.floor(centre + reach + 0.5));
    const weights = Array.from({ length: end - first }, (_, i) =>
      KERNELS[kernel]((first + i - centre + 0.5) / blur));
    const total = weights.reduce((a, b) => a + b, 0);
    return { first, weights: weights.map((weight) => weight / total) };
  });
}
