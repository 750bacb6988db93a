// Random numbers that a seed decides, so that a training repeats to the last bit.

/**
 * A generator: each call gives the next number, evenly from 0 up to 1.
 *
 * Source: mulberry32, Tommy Ettinger 2017, in the public domain; 32 bits of state.
 */
export function makeRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Numbers from N(0, sd^2), as a Float32Array.
 *
 * Source: Box & Muller 1958; of the two numbers that a pair gives, the first is used.
 */
export function drawNormals(random, count, sd = 1) {
  return Float32Array.from({ length: count }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random())); // 1 - random() is never 0
    return sd * radius * Math.cos(2 * Math.PI * random());
  });
}

/** The numbers 0 to count - 1 in random order. */
export function drawOrder(random, count) {
  const order = Int32Array.from({ length: count }, (_, n) => n);
  for (let last = count - 1; last > 0; last--) {
    const chosen = Math.floor(random() * (last + 1));
    [order[last], order[chosen]] = [order[chosen], order[last]];
  }
  return order;
}

/** Batches of image numbers without end: each epoch in a new order, its remainder left out. */
export function* drawBatches(random, count, batchSize) {
  const size = Math.min(batchSize, count);
  while (true) {
    const order = drawOrder(random, count);
    for (let end = size; end <= count; end += size) yield order.subarray(end - size, end);
  }
}
