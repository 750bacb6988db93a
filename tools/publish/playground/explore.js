// One model, one point of its latent space, and what follows from the two. All that moves the point
// ends here; whoever wants to know of it, listens.

import { contents, realImage } from "./contents.js";
import { drawGrid } from "./grid.js";
import { drawMap, listen, placeMarker } from "./map.js";
import { run, unpackLayers } from "./network.js";
import { hold, nameOf, round, unpack } from "./numbers.js";
import { drawInk } from "./pictures.js";
import { lookAround, namePlace } from "./surroundings.js";

const element = (id) => document.getElementById(id);

let model; // as unpacked
let point; // its coordinates
let image = null; // the image that the point is the code of, unless it is just a place
let nearest = 0; // the number of the real image with the nearest code
let twin; // the model, if there is one, that shows the same picture on its own map
let twinPoint; // where
let twinLeads = false; // whether the twin's point has been moved, so that the model's follows
let frame = 0; // the animation frame in which to draw, if one has been asked for
const listeners = { model: [], draw: [] };

export function when(event, listener) {
  listeners[event].push(listener);
}

// The model and the point now, and an image for it: its own, or else the decoder's.
export function here() {
  return { model, point, image: image ?? run(model.decoder, point) };
}

// Where an image lies, and what is around there; the code may lie beyond the sliders' limits.
export function encode(ink) {
  const code = [...run(model.encoder, ink)];
  const { nearest, distance } = lookAround(model, code, contents.neighbours);
  return { code, decoded: run(model.decoder, code), ...describe(nearest, distance) };
}

function describe(nearest, distance) {
  const digit = contents.labels[nearest];
  return { nearest, digit, distance, place: namePlace(distance, model.levels) };
}

// However many moves there are, one drawing an animation frame is made, of the last one.
export function moveTo(wanted, ofImage = null) {
  point = hold(wanted, model.limits);
  image = ofImage;
  twinLeads = false;
  frame ||= requestAnimationFrame(draw);
}

// To the code of an image, as the sliders can show it.
export function goTo(ink) {
  const code = [...run(model.encoder, ink)];
  moveTo(code.map((value, axis) => round(value, model.limits[axis])), ink);
}

function moveTwinTo(wanted) {
  twinPoint = hold(wanted, twin.limits);
  image = null;
  twinLeads = true;
  frame ||= requestAnimationFrame(draw);
}

function showModel(number) {
  model = unpackModel(contents.models[number]);
  const other = contents.twins.find((each) => each.includes(Number(number)));
  twin = other && unpackModel(contents.models[other.find((each) => each !== Number(number))]);
  element("facts").textContent = model.facts;
  element("sliders").replaceChildren(...model.limits.map(makeControl));
  const isPlane = model.limits.length === 2;
  element("stage").hidden = !isPlane;
  element("explore").classList.toggle("with-map", isPlane);
  element("twin").hidden = !twin;
  if (twin) {
    element("twin-facts").textContent = "The image that the first model draws, encoded by " +
      `${twin.id}. Move the point on either map, and the other follows.`;
  }
  drawMaps();
  layGrids();
  goTo(image ?? realImage(nearest)); // the same image in every model, so that one can compare
  listeners.model.forEach((listener) => listener());
}

function unpackModel(packed) {
  const [decoder, encoder] = [packed.decoder, packed.encoder].map(unpackLayers);
  return { ...contents, ...packed, codes: unpack(packed.codes), decoder, encoder };
}

// Where one model's encoder puts what the other's decoder makes of a point.
function follow(leader, place, { encoder, limits }) {
  const code = [...run(encoder, run(leader.decoder, place))];
  return hold(code.map((value, axis) => round(value, limits[axis])), limits);
}

function draw() {
  frame = 0;
  if (twin && twinLeads) point = follow(twin, twinPoint, model);
  else if (twin) twinPoint = follow(model, point, twin);
  const name = nameOf(point);
  drawInk(element("decoded"), run(model.decoder, point));
  element("decoded").setAttribute("aria-label", `What the decoder makes of ${name}`);

  const around = lookAround(model, point, contents.neighbours);
  nearest = around.nearest;
  const { digit, place, distance } = describe(nearest, around.distance);
  drawInk(element("nearest"), realImage(nearest));
  element("nearest").setAttribute("aria-label", `Real image with the nearest code, a ${digit}`);
  element("nearest-caption").textContent = `nearest real image: ${digit}`;
  const [where, loneliness] = element("place").children;
  where.textContent = place;
  loneliness.textContent = `${distance.toFixed(1)} times as lonely as a typical code`;

  [...element("sliders").children].forEach((control, axis) => {
    for (const input of control.querySelectorAll("input")) input.value = point[axis];
  });
  if (point.length === 2) mark(element("marker"), point, model);
  if (twin) {
    mark(element("twin-marker"), twinPoint, twin);
    drawInk(element("twin-decoded"), run(twin.decoder, twinPoint));
    const text = `What the other decoder makes of ${nameOf(twinPoint)}`;
    element("twin-decoded").setAttribute("aria-label", text);
  }
  listeners.draw.forEach((listener) => listener());
}

function mark(marker, place, { limits }) {
  placeMarker(marker, place, limits);
  marker.setAttribute("aria-label", `The point ${nameOf(place)} on the map`);
}

export function drawMaps() {
  if (model) drawMap(element("map"), model);
  if (twin) drawMap(element("twin-map"), twin);
}

// The decoded grid of each plane, under its dots, while its switch is on.
async function layGrids() {
  const wanted = element("grid").checked;
  for (const each of [model, twin]) {
    if (each?.limits.length !== 2) continue;
    const isWanted = () => element("grid").checked && [model, twin].includes(each);
    each.grid = wanted ? await drawGrid(each.decoder, each.limits, isWanted) : null;
    drawMaps();
  }
}

// A coordinate in a number box and on a slider. The box holds a number to its last digit; the
// slider stands at the nearest of its steps.
function makeControl([low, high, step], axis) {
  const name = `z${axis + 1}`;
  const control = document.createElement("div");
  control.className = "control";
  control.innerHTML = `<label>${name}<input type="number"></label>
    <input type="range" aria-label="slider of ${name}">`;
  const [box, slider] = control.querySelectorAll("input");
  for (const input of [box, slider]) Object.assign(input, { min: low, max: high, step });
  slider.addEventListener("input", () => moveTo(point.with(axis, slider.valueAsNumber)));
  box.addEventListener("change", () => {
    const isNumber = Number.isFinite(box.valueAsNumber);
    moveTo(point.with(axis, isNumber ? box.valueAsNumber : point[axis]));
  });
  return control;
}

function onMap(each, place, go) {
  return [
    () => ({ limits: each().limits, point: place() }),
    (wanted) => go(wanted.map((value, axis) => round(value, each().limits[axis]))),
  ];
}

export function startExploring() {
  listen(element("map"), ...onMap(() => model, () => point, moveTo));
  listen(element("twin-map"), ...onMap(() => twin, () => twinPoint, moveTwinTo));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawMaps);
  element("grid").addEventListener("change", layGrids);
  element("another").addEventListener("click", () => {
    goTo(realImage(Math.floor(Math.random() * contents.labels.length)));
  });
  element("model").append(...contents.models.map(({ name }, number) => new Option(name, number)));
  element("model").addEventListener("change", (event) => showModel(event.target.value));
  const named = contents.models.findIndex(({ id }) => `#${id}` === location.hash);
  element("model").selectedIndex = Math.max(named, 0);
  showModel(element("model").selectedIndex);
  for (const id of ["map", "twin-map"]) new ResizeObserver(drawMaps).observe(element(id));
}
