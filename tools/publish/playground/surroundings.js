// The data around a point: the nearest code, and the distance in the unit of the data themselves.

export function lookAround({ codes, unit }, point, nNeighbours) {
  const distances = new Float32Array(codes.length / point.length);
  for (let n = 0; n < distances.length; n++) {
    let sum = 0;
    for (let i = 0; i < point.length; i++) sum += (codes[n * point.length + i] - point[i]) ** 2;
    distances[n] = Math.sqrt(sum);
  }
  const closest = distances.slice().sort().subarray(0, nNeighbours);
  const mean = closest.reduce((sum, distance) => sum + distance) / closest.length;
  return { nearest: distances.indexOf(closest[0]), distance: mean / unit };
}

export function namePlace(distance, [among, edge]) {
  if (distance <= among) return "among the data";
  return distance <= edge ? "at the edge of the data" : "far from all data";
}
