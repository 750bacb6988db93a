// A picture of a plane: what a decoder makes of places evenly over a map.

import { run } from "./network.js";
import { SIDE, drawInk } from "./pictures.js";

const N_PLACES = 16; // along each axis

// Draws row after row, and lets the page answer in between; gives up when it is no longer wanted.
// Returns the picture, or null.
export async function drawGrid(decoder, [[left, right], [bottom, top]], isWanted) {
  const grid = document.createElement("canvas");
  grid.width = grid.height = N_PLACES * SIDE;
  const row = document.createElement("canvas");
  Object.assign(row, { width: N_PLACES * SIDE, height: SIDE });
  const middles = Array.from({ length: N_PLACES }, (_, n) => (n + 0.5) / N_PLACES);
  for (const [number, share] of middles.entries()) {
    await new Promise((resume) => setTimeout(resume));
    if (!isWanted()) return null;
    const z2 = top - share * (top - bottom);
    drawInk(row, ...middles.map((each) => run(decoder, [left + each * (right - left), z2])));
    grid.getContext("2d").drawImage(row, 0, number * SIDE);
  }
  return grid;
}
