/**
 * Where a chart's values are drawn.
 */

/** A round number, 1, 2 or 5 times a power of ten, that is not less than `value`. */
export function roundedUp(value: number): number {
  if (value <= 0) {
    return 1;
  }
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 5, 10].find(each => each * power >= value * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** Runs of neighbouring values that are there: a line is broken where one lacks. */
export function runs(
  values: readonly (number | null)[]
): readonly (readonly { readonly index: number; readonly value: number }[])[] {
  const found: { index: number; value: number }[][] = [];
  let inRun = false;
  values.forEach((value, index) => {
    if (value === null) {
      inRun = false;
      return;
    }
    if (!inRun) {
      found.push([]);
      inRun = true;
    }
    found[found.length - 1]!.push({ index, value });
  });
  return found;
}
