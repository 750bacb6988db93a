// Errors against steps, both on logarithmic axes.

const ROOM = { left: 52, right: 12, top: 10, bottom: 40 };
const DASHES = [[], [6, 4], [2, 3]];

// Draws into a canvas.
//   curves: {name, steps, values} each, with steps from 0 on and values above 0
//   level: {name, value} of a dashed line to compare with, if there is one
//   at: a step to mark, if there is one
export function drawCurves(canvas, curves, { level = null, at = null } = {}) {
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const points = curves.flatMap(({ steps, values }) => steps.map((step, n) => [step, values[n]]));
  if (!width || !points.length) return;
  canvas.width = width * devicePixelRatio;
  canvas.height = height * devicePixelRatio;
  const pen = canvas.getContext("2d");
  pen.scale(devicePixelRatio, devicePixelRatio);
  pen.font = `13px ${getComputedStyle(document.body).fontFamily}`;
  const colour = (name) => getComputedStyle(document.body).getPropertyValue(`--${name}`);
  const levels = [...points.map(([, value]) => value), ...(level ? [level.value] : [])];
  const [low, high] = [Math.min(...levels) / 1.08, Math.max(...levels) * 1.08];
  const last = Math.max(10, ...points.map(([step]) => step));
  const share = (value, from, to) => Math.log(value / from) / Math.log(to / from);
  const x = (step) => ROOM.left + share(1 + step, 1, 1 + last) * (width - ROOM.left - ROOM.right);
  const y = (value) =>
    height - ROOM.bottom - share(value, low, high) * (height - ROOM.top - ROOM.bottom);

  pen.strokeStyle = colour("line");
  pen.strokeRect(ROOM.left, ROOM.top, width - ROOM.left - ROOM.right,
    height - ROOM.top - ROOM.bottom);
  pen.fillStyle = colour("faint");
  pen.textAlign = "center";
  for (let step = 1; step <= last; step *= 10) {
    pen.fillText(step.toLocaleString("en"), x(step), height - ROOM.bottom + 16);
  }
  pen.fillText("steps", (ROOM.left + width) / 2, height - 6);
  pen.textAlign = "right";
  for (const value of roundValues(low, high)) pen.fillText(value, ROOM.left - 6, y(value) + 4);

  pen.lineWidth = 2;
  pen.textAlign = "left";
  curves.forEach(({ name, steps, values }, n) => {
    pen.strokeStyle = pen.fillStyle = colour(n ? "accent" : "ink");
    pen.setLineDash(DASHES[n]);
    pen.beginPath();
    steps.forEach((step, k) => pen.lineTo(x(step), y(values[k])));
    pen.stroke();
    pen.beginPath();
    const line = ROOM.top + 16 + 18 * n;
    pen.moveTo(width - 120, line - 4);
    pen.lineTo(width - 90, line - 4);
    pen.stroke();
    pen.fillText(name, width - 84, line);
  });
  pen.setLineDash([2, 3]);
  pen.strokeStyle = pen.fillStyle = colour("faint");
  if (level) {
    drawLine(pen, [ROOM.left, y(level.value)], [width - ROOM.right, y(level.value)]);
    pen.fillText(level.name, ROOM.left + 6, y(level.value) - 5);
  }
  if (at !== null) drawLine(pen, [x(at), ROOM.top], [x(at), height - ROOM.bottom]);
}

function drawLine(pen, start, end) {
  pen.beginPath();
  pen.moveTo(...start);
  pen.lineTo(...end);
  pen.stroke();
}

// Some round numbers between low and high.
function roundValues(low, high) {
  const all = [];
  for (let power = 1e-4; power < 1; power *= 10) {
    for (const digit of [1, 2, 3, 4, 5, 6, 7, 8, 9]) all.push(digit * power);
  }
  const inside = all.filter((value) => value >= low && value <= high);
  const every = Math.ceil(inside.length / 6);
  return inside.filter((_, n) => n % every === 0).map((value) => Number(value.toPrecision(1)));
}
