// A walk along the line between two pinned points: what the decoder makes of it, and beside it the
// cross-fade of the two images, which knows nothing of digits.

import { here, moveTo, when } from "./explore.js";
import { placeOnMap } from "./map.js";
import { run } from "./network.js";
import { round } from "./numbers.js";
import { drawInk } from "./pictures.js";

const element = (id) => document.getElementById(id);
const N_FRAMES = 9; // of a strip
const SECONDS = 4; // from one end to the other
const pins = { start: null, end: null }; // {point, image} each

let playing = 0; // the animation frame of the walk, while it goes on by itself

const blend = (one, other, share) => one.map((value, n) => value + share * (other[n] - value));

function pin(name) {
  const { point, image } = here();
  pins[name] = { point, image };
  show();
}

// In another model the same images lie elsewhere.
function encodeAgain() {
  const { model } = here();
  for (const each of Object.values(pins)) {
    if (each) each.point = [...run(model.encoder, each.image)];
  }
  show();
}

function show() {
  stop();
  const { start, end } = pins;
  for (const [name, each] of Object.entries(pins)) {
    element(`${name}-image`).hidden = !each;
    if (each) drawInk(element(`${name}-image`), each.image);
  }
  const isLine = Boolean(start && end);
  element("steps").hidden = !isLine;
  element("walk-hint").hidden = isLine;
  const { model } = here();
  const line = element("line");
  line.style.display = isLine && start.point.length === 2 ? "" : "none";
  if (!isLine) return;
  if (start.point.length === 2) {
    const places = [start, end].map(({ point }) => placeOnMap(point, model.limits));
    places.forEach(([left, top], n) => {
      line.setAttribute(`x${n + 1}`, `${100 * left}%`);
      line.setAttribute(`y${n + 1}`, `${100 * top}%`);
    });
  }
  const shares = Array.from({ length: N_FRAMES }, (_, n) => n / (N_FRAMES - 1));
  const onLine = (share) => run(model.decoder, blend(start.point, end.point, share));
  drawInk(element("line-strip"), ...shares.map(onLine));
  drawInk(element("fade-strip"), ...shares.map((share) => blend(start.image, end.image, share)));
  step(Number(element("share").value));
}

// To a share of the way, from 0 at the start to 1 at the end.
function step(share) {
  const { start, end } = pins;
  element("share").value = share;
  drawInk(element("fade"), blend(start.image, end.image, share));
  const name = `The cross-fade, ${Math.round(100 * share)} % of the end's image`;
  element("fade").setAttribute("aria-label", name);
  drawInk(element("step"), run(here().model.decoder, blend(start.point, end.point, share)));
  const walked = `The decoder, ${Math.round(100 * share)} % of the way to the end`;
  element("step").setAttribute("aria-label", walked);
  const { limits } = here().model;
  moveTo(blend(start.point, end.point, share).map((value, axis) => round(value, limits[axis])));
}

function play() {
  element("play").textContent = "Pause";
  let before = performance.now();
  let share = Number(element("share").value) % 1;
  const go = (now) => {
    share = Math.min(share + (now - before) / 1000 / SECONDS, 1);
    before = now;
    step(share);
    playing = share < 1 ? requestAnimationFrame(go) : 0;
    if (!playing) stop();
  };
  playing = requestAnimationFrame(go);
}

function stop() {
  cancelAnimationFrame(playing);
  playing = 0;
  element("play").textContent = "Play";
}

export function startWalking() {
  element("pin-start").addEventListener("click", () => pin("start"));
  element("pin-end").addEventListener("click", () => pin("end"));
  element("share").addEventListener("input", () => {
    stop();
    step(element("share").valueAsNumber);
  });
  element("play").addEventListener("click", () => (playing ? stop() : play()));
  when("model", encodeAgain);
}
