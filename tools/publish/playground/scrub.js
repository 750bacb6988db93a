// A recorded training: a slider over its steps moves the map, the decoded grid and the errors.

import { contents } from "./contents.js";
import { drawCurves } from "./curves.js";
import { drawGrid } from "./grid.js";
import { drawMap } from "./map.js";
import { unpackLayers } from "./network.js";
import { unpack } from "./numbers.js";

const element = (id) => document.getElementById(id);
const { steps, limits, train_errors, test_errors, moments } = contents.recording;

let number = 0; // of the moment that is shown

const moment = (n) => {
  moments[n].unpacked ??= {
    codes: unpack(moments[n].codes),
    decoder: unpackLayers(moments[n].decoder),
    grid: null,
  };
  return moments[n].unpacked;
};

async function show(wanted) {
  number = wanted;
  const shown = moment(number);
  const errors = [train_errors, test_errors].map((each) => each[number].toFixed(4));
  const name = `${steps[number].toLocaleString("en")} steps`;
  const text = `After ${name}: error ${errors[0]} on training images, ${errors[1]} on test images.`;
  element("scrub-text").textContent = text;
  element("scrub-step").setAttribute("aria-valuetext", name);
  draw();
  shown.grid ??= await drawGrid(shown.decoder, limits, () => number === wanted);
  if (number === wanted) draw();
}

function draw() {
  const { codes, grid } = moment(number);
  const dots = { limits, codes, labels: contents.labels, colours: contents.colours };
  drawMap(element("scrub-map"), dots);
  drawMap(element("scrub-grid"), { ...dots, codes: new Float32Array(), grid });
  const curves = [
    { name: "training", steps, values: train_errors },
    { name: "test", steps, values: test_errors },
  ];
  drawCurves(element("scrub-curve"), curves, { at: steps[number] });
}

// Begins when it comes into view, since until then it would only keep the page from the rest.
export function startScrubbing() {
  const slider = element("scrub-step");
  Object.assign(slider, { max: steps.length - 1, value: steps.length - 1 });
  slider.addEventListener("input", () => show(slider.valueAsNumber));
  new IntersectionObserver(([{ isIntersecting }], observer) => {
    if (!isIntersecting) return;
    observer.disconnect();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
    new ResizeObserver(draw).observe(element("scrub-map"));
    show(slider.valueAsNumber);
  }).observe(element("scrub"));
}
