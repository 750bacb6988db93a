// Filters of pictures, each as scipy.ndimage or NumPy computes it.
//
// A picture is { width, height, data }: `data` is a typed array that holds row after row.

// A picture of the same shape whose pixels are `compute(value, pixel)`, of a type of array.
export function mapPixels({ width, height, data }, compute, Type = data.constructor) {
  const result = new Type(data.length);
  for (let pixel = 0; pixel < data.length; pixel++) result[pixel] = compute(data[pixel], pixel);
  return { width, height, data: result };
}

export const clip = (value) => Math.min(Math.max(value, 0), 1);

// The picture with `room` more pixels on each side: each is `value`, or that of the nearest pixel.
export function pad({ width, height, data }, room, value) {
  const wide = width + 2 * room;
  const padded = new data.constructor(wide * (height + 2 * room));
  for (let row = -room, to = 0; row < height + room; row++, to += wide) {
    const start = Math.min(Math.max(row, 0), height - 1) * width;
    const line = data.subarray(start, start + width);
    padded.fill(value ?? line[0], to, to + room);
    padded.set(line, to + room);
    padded.fill(value ?? line[width - 1], to + room + width, to + wide);
    if (value !== undefined && (row < 0 || row >= height)) padded.fill(value, to, to + wide);
  }
  return { width: wide, height: height + 2 * room, data: padded };
}

export function crop({ width, data }, { left, top, right, bottom }) {
  const cropped = new data.constructor((right - left) * (bottom - top));
  for (let row = top; row < bottom; row++) {
    const line = data.subarray(row * width + left, row * width + right);
    cropped.set(line, (row - top) * (right - left));
  }
  return { width: right - left, height: bottom - top, data: cropped };
}

export function transpose({ width, height, data }) {
  const turned = new data.constructor(data.length);
  for (let row = 0, from = 0; row < height; row++) {
    for (let column = 0; column < width; column++) turned[column * height + row] = data[from++];
  }
  return { width: height, height: width, data: turned };
}

export function gaussianFilter(picture, sigma) {
  const radius = Math.floor(4 * sigma + 0.5);
  const bell = Array.from({ length: radius + 1 }, (_, x) => Math.exp(-0.5 * (x / sigma) ** 2));
  const sum = bell.reduce((total, share, x) => total + (x ? 2 : 1) * share, 0);
  const weights = Float64Array.from(bell, (share) => share / sum);
  return filterBoth(picture, radius, radius, (line, filtered) => {
    for (let i = 0; i < filtered.length; i++) {
      let total = line[i + radius] * weights[0];
      for (let x = radius; x > 0; x--) {
        total += (line[i + radius - x] + line[i + radius + x]) * weights[x];
      }
      filtered[i] = total;
    }
  });
}

// The mean of a square window; one of even size reaches a pixel further up and left.
export function uniformFilter(picture, size) {
  return filterBoth(picture, ...reach(size), (line, means) => slideMean(line, size, means));
}

// A picture less all in it that is broader and higher than a square window: less its opening.
export function whiteTophat(picture, size) {
  const [before, after] = reach(size);
  const slide = (sign) => (line, extremes) => slideExtreme(line, size, sign, extremes);
  const eroded = filterBoth(picture, before, after, slide(-1));
  const opened = filterBoth(eroded, after, before, slide(1));
  const data = picture.data.slice();
  for (let pixel = 0; pixel < data.length; pixel++) data[pixel] -= opened.data[pixel];
  return { ...picture, data };
}

// How many pixels a window has before its middle one, and after it.
export function reach(size) {
  const before = Math.floor(size / 2);
  return [before, size - before - 1];
}

// The means of all windows of a line, which is longer than `means` by size - 1.
export function slideMean(line, size, means) {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += line[i];
  means[0] = sum / size;
  for (let i = 1; i < means.length; i++) {
    sum += line[i + size - 1] - line[i - 1];
    means[i] = sum / size;
  }
}

// The maxima of all windows of a line, or with the sign -1 the minima, by three comparisons each
// however wide the window: it is the end of one block of its size and the start of the next.
// Source: van Herk 1992; Gil and Werman 1993.
function slideExtreme(line, size, sign, extremes) {
  const { length } = line;
  const ends = new Float64Array(length); // the extreme from a pixel to the end of its block
  for (let start = 0; start < length; start += size) {
    const end = Math.min(start + size, length);
    let extreme = -Infinity;
    for (let i = end - 1; i >= start; i--) {
      if (sign * line[i] > extreme) extreme = sign * line[i];
      ends[i] = extreme;
    }
    extreme = -Infinity; // from the start of the block to a pixel
    for (let i = start; i < end; i++) {
      if (sign * line[i] > extreme) extreme = sign * line[i];
      const first = i - size + 1; // of the window that ends here
      if (first >= 0) extremes[first] = sign * (ends[first] > extreme ? ends[first] : extreme);
    }
  }
}

// Where the pixels of a line lie that is mirrored at its ends: of `before` more, itself, `after`.
export function mirror(length, before, after) {
  return Int32Array.from({ length: before + length + after }, (_, i) => {
    const place = (((i - before) % (2 * length)) + 2 * length) % (2 * length);
    return Math.min(place, 2 * length - 1 - place);
  });
}

// Filter every column, then every row, which `filter(line, filtered)` gets longer at both ends.
function filterBoth(picture, before, after, filter) {
  const { width, height, data } = picture;
  const upright = filterLines(data, [width, 1], [height, width], before, after, filter);
  const level = filterLines(upright, [height, width], [width, 1], before, after, filter);
  return { width, height, data: level };
}

// There are n lines, each `apart` from the next, of `length` pixels, each a `step` from the next.
function filterLines(data, [n, apart], [length, step], before, after, filter) {
  const places = mirror(length, before, after);
  const line = new Float64Array(places.length);
  const filtered = new Float64Array(length);
  const result = new data.constructor(data.length);
  for (let start = 0; start < n * apart; start += apart) {
    for (let i = 0; i < line.length; i++) line[i] = data[start + places[i] * step];
    filter(line, filtered);
    for (let i = 0; i < length; i++) result[start + i * step] = filtered[i];
  }
  return result;
}

// The values below which some shares of the numbers lie, interpolated linearly.
export function quantiles(numbers, shares) {
  const sorted = numbers.slice().sort();
  return shares.map((share) => {
    const place = share * (sorted.length - 1);
    const below = sorted[Math.floor(place)];
    return below + (place % 1) * (sorted[Math.ceil(place)] - below);
  });
}
