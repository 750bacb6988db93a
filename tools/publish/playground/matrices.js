// Matrices as a Float32Array that holds row after row; how long a row is, the caller knows.

/**
 * The products of all rows of one matrix with all rows of another.
 *
 * Two rows by two columns are summed at once: each number that is fetched is used twice, which
 * makes it twice as fast. Where a number of rows is odd, the last one is summed twice.
 *
 * @param {Float32Array} a n rows of `length` numbers.
 * @param {Float32Array} b m rows of `length` numbers.
 * @returns {Float32Array} (n, m): a times b transposed.
 */
export function multiplyRows(a, b, length) {
  const [n, m] = [a.length / length, b.length / length];
  const products = new Float32Array(n * m);
  for (let row = 0; row < n; row += 2) {
    const nextRow = Math.min(row + 1, n - 1);
    for (let column = 0; column < m; column += 2) {
      const nextColumn = Math.min(column + 1, m - 1);
      const [a0, a1] = [row * length, nextRow * length]; // where these rows begin
      const [b0, b1] = [column * length, nextColumn * length];
      let [sum00, sum01, sum10, sum11] = [0, 0, 0, 0];
      for (let i = 0; i < length; i++) {
        sum00 += a[a0 + i] * b[b0 + i];
        sum01 += a[a0 + i] * b[b1 + i];
        sum10 += a[a1 + i] * b[b0 + i];
        sum11 += a[a1 + i] * b[b1 + i];
      }
      products[row * m + column] = sum00;
      products[row * m + nextColumn] = sum01;
      products[nextRow * m + column] = sum10;
      products[nextRow * m + nextColumn] = sum11;
    }
  }
  return products;
}

/** Rows of `length` numbers become columns. */
export function transpose(matrix, length) {
  const n = matrix.length / length;
  const turned = new Float32Array(matrix.length);
  for (let row = 0; row < n; row++) {
    for (let column = 0; column < length; column++) {
      turned[column * n + row] = matrix[row * length + column];
    }
  }
  return turned;
}

/** The sum of all rows, column by column. */
export function sumRows(matrix, length) {
  const sums = new Float32Array(length);
  for (let start = 0; start < matrix.length; start += length) {
    for (let column = 0; column < length; column++) sums[column] += matrix[start + column];
  }
  return sums;
}

/** The mean of all rows, column by column. */
export function meanRow(matrix, length) {
  const count = matrix.length / length;
  return sumRows(matrix, length).map((sum) => sum / count);
}
