// Drawing a digit, or reading one from a photograph: what the model gets, what comes back, and
// where on the map that is.

import { EXAMPLES } from "./examples.js";
import { encode, goTo, when } from "./explore.js";
import { readDigit } from "./handwriting.js";
import { meanSquare } from "./numbers.js";
import { makePad } from "./pad.js";
import { drawInk } from "./pictures.js";

const element = (id) => document.getElementById(id);

let pad;
let image = null; // the digit as the model gets it, if there is one
let frame = 0; // the animation frame in which to read the pad, if one has been asked for

function read(picture, name, cure = "") {
  try {
    ({ image } = readDigit(picture, name));
    goTo(image);
    show();
  } catch ({ message }) {
    refuse(cure ? `${message.split("\n")[0]} ${cure}` : message);
  }
}

function refuse(message) {
  image = null;
  element("drawn").hidden = true;
  element("draw-text").textContent = message;
}

// However fast the pen, the pad is read once an animation frame.
function readPad() {
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    if (pad.isEmpty) return refuse("Draw a digit, as large as the pad.");
    read(pad.read(), "drawing", "Draw one digit, large, with strokes that touch.");
  });
}

async function readPhotograph() {
  const [file] = element("photograph").files;
  if (!file) return;
  try {
    const photograph = await createImageBitmap(file);
    pad.clear();
    cancelAnimationFrame(frame);
    frame = 0;
    read(toPixels(photograph), file.name);
  } catch {
    const cause = "cannot be read as a picture";
    refuse(`${file.name}: ${cause}. Save the picture as JPEG or PNG.`);
  }
  element("photograph").value = ""; // so that the same one can be chosen again
}

// A photograph's pixels, not many more than are needed.
function toPixels(photograph) {
  const scale = Math.min(1, 1_200 / Math.max(photograph.width, photograph.height));
  const [width, height] = [photograph.width, photograph.height].map((n) => Math.round(n * scale));
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(photograph, 0, 0, width, height);
  return pen.getImageData(0, 0, width, height);
}

function show() {
  if (!image) return;
  const { code, decoded, digit, place } = encode(image);
  drawInk(element("given"), image);
  drawInk(element("returned"), decoded);
  element("drawn").hidden = false;
  const names = code.slice(0, 3).map((value, axis) => `z${axis + 1} = ${value.toFixed(2)}`);
  const codeText = names.join(", ") + (code.length > 3 ? ", ..." : "");
  element("draw-text").textContent = `Its code: ${codeText}, ${place}. Error ` +
    `${meanSquare(image, decoded).toFixed(4)}. The nearest real image is a ${digit}.`;
}

export function startDrawing() {
  pad = makePad(element("pad"), { onDraw: readPad });
  element("undo").addEventListener("click", pad.undo);
  element("clear").addEventListener("click", pad.clear);
  element("example").append(...EXAMPLES.map((_, digit) => new Option(`a ${digit}`, digit)));
  element("example").addEventListener("change", ({ target }) => {
    if (target.value) pad.strokes = EXAMPLES[target.value];
    target.value = ""; // so that the same one can be chosen again
  });
  element("photograph").addEventListener("change", readPhotograph);
  when("model", show);
}
