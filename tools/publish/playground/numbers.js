// Numbers as the page carries them, and as it shows them.

// From {type, base64}, with the type 'float16' or 'float32'.
export function unpack({ type, base64 }) {
  const { buffer } = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return type === "float32"
    ? new Float32Array(buffer)
    : Float32Array.from(new Uint16Array(buffer), expandHalf);
}

// A 16-bit number of IEEE 754: 1 bit of sign, 5 of exponent, 10 of fraction. None is infinite.
function expandHalf(bits) {
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  const size = exponent ? 2 ** (exponent - 15) * (1 + fraction) : 2 ** -14 * fraction;
  return bits >> 15 ? -size : size;
}

// A short number, some hundred times finer than a slider's step: it is shown as it is decoded.
export function round(value, [, , step]) {
  return Number(value.toFixed(Math.max(0, Math.ceil(-Math.log10(step)) + 2)));
}

// A point within the limits of its sliders.
export function hold(point, limits) {
  return point.map((value, axis) => Math.min(Math.max(value, limits[axis][0]), limits[axis][1]));
}

export function nameOf(point) {
  return point.map((value, axis) => `z${axis + 1} = ${value}`).join(", ");
}

export function meanSquare(one, other) {
  return one.reduce((sum, value, n) => sum + (value - other[n]) ** 2, 0) / one.length;
}
