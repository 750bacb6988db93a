// The drawing pad: strokes of a round pen, by mouse, finger or stylus.
//
// A stroke is a list of points [x, y], each in shares of the pad's side from its left top corner.

const PEN = 0.1; // the pen's width, in shares of the side: MNIST's, once a digit is scaled
const SIDE = 200; // pixels of what is read, whatever the screen: ten times the box of an image
const MARGIN = PEN / 2 + 2 / SIDE; // ink at the border would be taken for what lies beside a digit

/**
 * Make a drawing pad of a square canvas. It draws in the canvas's CSS colour.
 *
 * `onDraw()` is called after each change. Returns
 * `strokes`: what has been drawn; set it, and the pad shows that instead;
 * `isEmpty`; `undo()`, which takes the last stroke back; `clear()`;
 * `read()`: the drawing as readStrokes gives it.
 */
export function makePad(canvas, { onDraw }) {
  let strokes = [];
  let pointer = null; // which of them draws the last stroke

  const show = () => {
    const side = Math.round(canvas.clientWidth * devicePixelRatio);
    if (canvas.width !== side || canvas.height !== side) canvas.width = canvas.height = side;
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, side, side);
    pen.strokeStyle = getComputedStyle(canvas).color;
    drawStrokes(pen, strokes, side);
  };
  const change = (changed) => {
    strokes = changed;
    show();
    onDraw();
  };
  const replace = (others) => {
    pointer = null;
    change(others);
  };

  // A finger draws; it neither scrolls nor selects.
  const still = { touchAction: "none", userSelect: "none", webkitUserSelect: "none" };
  Object.assign(canvas.style, still);
  canvas.addEventListener("pointerdown", (event) => {
    if (pointer !== null || event.button !== 0) return;
    event.preventDefault();
    pointer = event.pointerId;
    canvas.setPointerCapture(pointer);
    change([...strokes, [locate(event, canvas)]]);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const all = event.getCoalescedEvents?.() ?? []; // since the last frame; old browsers have none
    const points = (all.length ? all : [event]).map((each) => locate(each, canvas));
    change([...strokes.slice(0, -1), [...strokes.at(-1), ...points]]);
  });
  for (const kind of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(kind, (event) => {
      if (event.pointerId === pointer) pointer = null;
    });
  }
  new ResizeObserver(show).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);

  return {
    get strokes() { return strokes; },
    set strokes(others) { replace(others); },
    get isEmpty() { return strokes.length === 0; },
    undo: () => replace(strokes.slice(0, -1)),
    clear: () => replace([]),
    read: () => readStrokes(strokes),
  };
}

// Where a pointer is on a canvas, as a point of a stroke.
function locate({ clientX, clientY }, canvas) {
  const { left, top } = canvas.getBoundingClientRect();
  const hold = (share) => Math.min(Math.max(share, MARGIN), 1 - MARGIN);
  return [
    hold((clientX - left - canvas.clientLeft) / canvas.clientWidth),
    hold((clientY - top - canvas.clientTop) / canvas.clientHeight),
  ];
}

/** Draw strokes on a square of `side` pixels with `pen`, a 2-D context, in its colour. */
export function drawStrokes(pen, strokes, side) {
  Object.assign(pen, { lineWidth: PEN * side, lineCap: "round", lineJoin: "round" });
  for (const stroke of strokes) {
    pen.beginPath();
    traceCurve(pen, stroke.map(([x, y]) => [x * side, y * side]));
    pen.stroke();
  }
}

// A smooth curve: from the middle between two points to the next, bent towards the point between
// them. A point that stands twice is a corner; one alone is a dot.
function traceCurve(pen, points) {
  const [[x0, y0]] = points;
  pen.moveTo(x0, y0);
  points.slice(1).forEach(([x, y], before) => {
    const [bentX, bentY] = points[before];
    pen.quadraticCurveTo(bentX, bentY, (bentX + x) / 2, (bentY + y) / 2);
  });
  const [x, y] = points.at(-1);
  pen.lineTo(x + 0.01, y); // a line of no length would not be drawn
}

/** Strokes as a drawing to read, black on white: { width, height, data }, RGBA, 200 x 200. */
export function readStrokes(strokes) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.fillStyle = "white";
  pen.fillRect(0, 0, SIDE, SIDE);
  pen.strokeStyle = "black";
  drawStrokes(pen, strokes, SIDE);
  return pen.getImageData(0, 0, SIDE, SIDE);
}
