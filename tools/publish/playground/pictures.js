// Images on canvases. A pixel of an image is ink: 0 is paper, 1 is full ink.

export const SIDE = 28;

// Draws an image (784) or a row of them, one beside the other.
export function drawInk(canvas, ...inks) {
  const pen = canvas.getContext("2d");
  inks.forEach((ink, column) => pen.putImageData(toPicture(ink), column * SIDE, 0));
}

function toPicture(ink) {
  const picture = new ImageData(SIDE, SIDE);
  ink.forEach((value, pixel) => {
    picture.data.fill(Math.round(255 * (1 - value)), 4 * pixel, 4 * pixel + 3);
    picture.data[4 * pixel + 3] = 255;
  });
  return picture;
}

// The images that lie in one picture, row after row: 784 bytes each, from 0 (paper) to 255 (ink).
export async function readImages(address, count, columns) {
  const sheet = new Image();
  sheet.src = address;
  await sheet.decode();
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: sheet.width, height: sheet.height });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(sheet, 0, 0);
  const { data } = pen.getImageData(0, 0, sheet.width, sheet.height);
  const inks = new Uint8Array(count * SIDE * SIDE);
  for (let n = 0, pixel = 0; n < count; n++) {
    const top = Math.floor(n / columns) * SIDE;
    const left = (n % columns) * SIDE;
    for (let y = top; y < top + SIDE; y++) {
      for (let x = left; x < left + SIDE; x++, pixel++) {
        inks[pixel] = 255 - data[4 * (y * sheet.width + x)];
      }
    }
  }
  return inks;
}
