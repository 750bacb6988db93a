// Training in the page: its settings and buttons, and what is seen of it. A worker does the work.

import { describeMap, drawCodes } from "./codes.js";
import { drawCurves } from "./curves.js";
import { drawInk } from "./pictures.js";

const N_PIXELS = 784;
const HELD_OUT = 5; // every fifth image is held out: not the last ones, which are harder in MNIST
const N_SHOWN = 8; // images with their reconstructions
const N_RECORDS = 400; // of the curves, at most
const READING_TIME = 3000; // milliseconds between two texts while it trains

const element = (id) => document.getElementById(`train-${id}`);

let worker;
let held; // what is held out: { images, labels, colours, shown }
let snapshot; // the worker's latest
let records; // the { step, trainError, heldOutError } of earlier ones, since the last reset
let pcaErrors; // by the number of directions, once they are known
let isTraining = false;
let textTime = 0; // when the text was last changed

/**
 * @param {Element} section of the page, with the id "train".
 * @param {Object} data images: Uint8Array (N x 784), 0..255, or Float32Array, 0..1; labels: a digit
 *   for each; colours: one for each digit.
 *
 * It begins when it comes into view, since until then it would only keep the page from the rest.
 */
export function startTraining(section, data) {
  new IntersectionObserver(([{ isIntersecting }], observer) => {
    if (!isIntersecting) return;
    observer.disconnect();
    listen();
    load(data);
  }).observe(section);
}

function listen() {
  worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  worker.addEventListener("message", ({ data: message }) => HEARD[message.kind](message));
  element("run").addEventListener("click", () => ask(isTraining ? "pause" : "start"));
  element("step").addEventListener("click", () => ask("step"));
  element("reset").addEventListener("click", () => ask("reset"));
  element("settings").addEventListener("submit", (event) => event.preventDefault());
  element("settings").addEventListener("change", ({ target }) => {
    ask(["codeSize", "linear", "seed"].includes(target.name) ? "reset" : "change");
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  new ResizeObserver(draw).observe(element("map"));
}

function load({ images, labels, colours }) {
  const numbers = Array.from(labels, (_, n) => n);
  const isHeld = (n) => n % HELD_OUT === HELD_OUT - 1;
  held = { images: pick(images, numbers.filter(isHeld)), colours };
  held.labels = Array.from(labels).filter((_, n) => isHeld(n));
  held.shown = chooseShown(held.labels);
  ask("load", {
    images: pick(images, numbers.filter((n) => !isHeld(n))),
    heldOut: held.images,
    shown: held.shown,
  });
}

function pick(images, numbers) {
  const picked = new images.constructor(numbers.length * N_PIXELS);
  numbers.forEach((number, row) => {
    picked.set(images.subarray(number * N_PIXELS, (number + 1) * N_PIXELS), row * N_PIXELS);
  });
  return picked;
}

// The first image of each digit, as many as are shown.
function chooseShown(labels) {
  return labels.map((_, n) => n).filter((n) => labels.indexOf(labels[n]) === n).slice(0, N_SHOWN);
}

function ask(task, more = {}) {
  if (task !== "change") {
    isTraining = task === "start";
    textTime = 0; // what was asked for is told at once
  }
  element("run").textContent = isTraining ? "Pause" : "Train";
  worker.postMessage({ task, settings: readSettings(), ...more });
}

function readSettings() {
  const { codeSize, linear, seed, noise, beta, rate } = element("settings").elements;
  const chosen = { codeSize, seed, noise, beta, rate };
  const numbers = Object.entries(chosen).map(([name, { value }]) => [name, Number(value)]);
  return { ...Object.fromEntries(numbers), linear: linear.checked };
}

const HEARD = {
  pca({ errors }) {
    pcaErrors = errors;
    draw();
    tell();
  },
  snapshot(latest) {
    snapshot = latest;
    const { step, trainError, heldOutError } = snapshot;
    if (step === 0) records = [];
    if (records.at(-1)?.step !== step) records.push({ step, trainError, heldOutError });
    if (records.length > N_RECORDS) records = records.filter((_, n) => n % 2 === 0);
    draw();
    tell();
  },
  fault() {
    isTraining = false;
    element("run").textContent = "Train";
    element("text").textContent = "The error is no longer a finite number, so the training has " +
      "stopped. The learning rate is too high: choose a lower one, and reset.";
  },
};

function draw() {
  if (!snapshot) return;
  drawCodes(element("map"), snapshot.codes, held);
  element("map-caption").textContent = describeMap(codeSize());
  const steps = records.map(({ step }) => step);
  const curves = [
    { name: "training", steps, values: records.map(({ trainError }) => trainError) },
    { name: "held out", steps, values: records.map(({ heldOutError }) => heldOutError) },
  ];
  const level = pcaErrors && { name: "PCA, held out", value: pcaErrors[codeSize()] };
  drawCurves(element("curve"), curves, { level });
  const unit = held.images instanceof Uint8Array ? 255 : 1;
  const originals = pick(held.images, held.shown);
  drawRow(element("originals"), Float32Array.from(originals, (ink) => ink / unit));
  drawRow(element("reconstructions"), snapshot.reconstructions);
}

const codeSize = () => snapshot.codes.length / held.labels.length;

function drawRow(canvas, images) {
  const inks = held.shown.map((_, n) => images.subarray(n * N_PIXELS, (n + 1) * N_PIXELS));
  drawInk(canvas, ...inks.map((ink) => ink.map((pixel) => Math.min(Math.max(pixel, 0), 1))));
}

// The text says what the pictures show; it is read aloud, so it changes only every few seconds.
function tell() {
  if (!snapshot || (isTraining && performance.now() - textTime < READING_TIME)) return;
  textTime = performance.now();
  const { step, speed, trainError, heldOutError } = snapshot;
  const name = `${step.toLocaleString("en")} ${step === 1 ? "step" : "steps"}`;
  const errors = `Error ${trainError.toFixed(4)} on training images, ` +
    `${heldOutError.toFixed(4)} on those held out`;
  const pca = pcaErrors ? `; PCA's is ${pcaErrors[codeSize()].toFixed(4)}` : "";
  const pace = speed ? ` ${Math.round(speed).toLocaleString("en")} images a second.` : "";
  element("text").textContent = `${name}. ${errors}${pca}.${pace}`;
}
