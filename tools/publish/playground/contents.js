// What the page carries: models, real images, colours. Made by playground_page.py.

import { readImages } from "./pictures.js";

export const contents = JSON.parse(document.getElementById("contents").textContent);

// The real images, 784 bytes each, from 0 (paper) to 255 (ink).
export const images = await readImages(contents.images, contents.labels.length, contents.columns);

// One of them, in 0..1.
export function realImage(number) {
  return Float32Array.from(images.subarray(784 * number, 784 * (number + 1)), (ink) => ink / 255);
}
