// A map of a plane: the codes of real images as dots, a colour a digit. Its axes fill the same part
// of it at every size.

const AXES = { left: 0.11, top: 0.01, width: 0.87, height: 0.88 };
const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowDown: [1, -1], ArrowUp: [1, 1] };

// From the left and the top, as shares of the map's size.
export function placeOnMap([z1, z2], [[left, right], [bottom, top]]) {
  return [
    AXES.left + (AXES.width * (z1 - left)) / (right - left),
    AXES.top + (AXES.height * (top - z2)) / (top - bottom),
  ];
}

function pointAt(event, map, limits) {
  const box = map.getBoundingClientRect();
  const across = ((event.clientX - box.left) / box.width - AXES.left) / AXES.width;
  const down = ((event.clientY - box.top) / box.height - AXES.top) / AXES.height;
  const [[left, right], [bottom, top]] = limits;
  return [left + across * (right - left), top - down * (top - bottom)];
}

export function placeMarker(marker, point, limits) {
  const [left, top] = placeOnMap(point, limits);
  marker.style.left = `${100 * left}%`;
  marker.style.top = `${100 * top}%`;
}

// Draws into the canvas of an element as wide as it is high.
//   limits: of each axis, [low, high, ...]
//   codes: Float32Array, two numbers an image; labels: a digit for each; colours: one a digit
//   centres: [digit, z1, z2] each, where the digit's name goes
//   grid: a picture of the plane to lie under the dots, if there is one
//   names: of the axes; radius: of a dot, in pixels
export function drawMap(map, {
  limits, codes, labels, colours, centres = [], grid = null, names = ["z1", "z2"], radius = 1.4,
}) {
  const size = map.clientWidth; // 0 while there is no map
  if (!size) return;
  const canvas = map.querySelector("canvas");
  canvas.width = canvas.height = size * devicePixelRatio;
  const pen = canvas.getContext("2d");
  pen.scale(devicePixelRatio, devicePixelRatio);
  const colour = (name) => getComputedStyle(document.body).getPropertyValue(`--${name}`);
  const at = (point) => placeOnMap(point, limits).map((share) => share * size);
  pen.font = `13px ${getComputedStyle(document.body).fontFamily}`;
  pen.fillStyle = colour("faint");
  drawTicks(pen, limits, names, at, size);

  const [x, y] = at([limits[0][0], limits[1][1]]);
  const [width, height] = [AXES.width * size, AXES.height * size];
  pen.beginPath();
  pen.rect(x, y, width, height);
  pen.strokeStyle = colour("line");
  pen.stroke();
  pen.clip();
  if (grid) pen.drawImage(grid, x, y, width, height);
  for (let n = 0; n < codes.length / 2; n++) {
    pen.fillStyle = colours[labels[n]];
    circle(pen, at(codes.subarray(2 * n, 2 * n + 2)), radius);
    pen.fill();
  }
  pen.font = `bold ${pen.font}`;
  pen.textAlign = "center";
  pen.lineWidth = 2;
  for (const [digit, ...centre] of centres) {
    circle(pen, at(centre), 9);
    pen.fillStyle = colour("paper");
    pen.fill();
    pen.strokeStyle = colours[digit];
    pen.stroke();
    pen.fillStyle = colour("ink");
    pen.fillText(digit, at(centre)[0], at(centre)[1] + 1);
  }
}

function drawTicks(pen, [[left, right], [bottom, top]], names, at, size) {
  pen.textBaseline = "top";
  pen.textAlign = "center";
  for (const z1 of ticks(left, right)) {
    const [x, y] = at([z1, bottom]);
    pen.fillRect(x, y, 1, 5);
    pen.fillText(z1, x, y + 7);
  }
  pen.fillText(names[0], at([(left + right) / 2, 0])[0], size - 15);
  pen.textBaseline = "middle";
  pen.textAlign = "right";
  for (const z2 of ticks(bottom, top)) {
    const [x, y] = at([left, z2]);
    pen.fillRect(x - 5, y, 5, 1);
    pen.fillText(z2, x - 8, y);
  }
  const numbers = ticks(bottom, top);
  const half = Math.floor(numbers.length / 2); // the axis is named between two of its numbers
  pen.textAlign = "left";
  pen.fillText(names[1], 0, at([0, (numbers[half - 1] + numbers[half]) / 2])[1]);
}

function circle(pen, [x, y], radius) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
}

// Round numbers from low to high, at most nine of them.
function ticks(low, high) {
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100].find((each) => (high - low) / each <= 8);
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first + 1;
  return Array.from({ length: count }, (_, n) => Number(((first + n) * step).toFixed(1)));
}

// Pointer and arrow keys move a point over a map. `where` tells the limits and the point, `go`
// takes the new one.
export function listen(map, where, go) {
  map.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button !== 0) return;
    map.setPointerCapture(event.pointerId); // a drag goes on beyond the map's edge
    go(pointAt(event, map, where().limits));
  });
  map.addEventListener("pointermove", (event) => {
    if (map.hasPointerCapture(event.pointerId)) go(pointAt(event, map, where().limits));
  });
  map.addEventListener("keydown", (event) => {
    if (!(event.key in ARROWS) || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault(); // the page would scroll
    const [axis, direction] = ARROWS[event.key];
    const { limits, point } = where();
    const step = limits[axis][2];
    go(point.with(axis, (Math.round(point[axis] / step) + direction) * step));
  });
}
