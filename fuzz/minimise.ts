/** Tries and time that making an input smaller is worth. */
const MAX_TRIES = 3000;
const MAX_MS = 10_000;

/**
 * Takes ranges out of `input`, large ones first, as long as it still `fails`. Not the smallest there is, but small enough to
 * be read.
 */
export async function minimise(input: Buffer, fails: (input: Buffer) => Promise<boolean>): Promise<Buffer> {
  const until = performance.now() + MAX_MS;
  let tries = 0;
  for (let step = input.length >>> 1; step >= 1; step >>>= 1) {
    for (let at = 0; at < input.length; ) {
      if (tries++ === MAX_TRIES || performance.now() > until) return input;
      const without = Buffer.concat([input.subarray(0, at), input.subarray(at + step)]);
      if (await fails(without)) input = without;
      else at += step;
    }
  }
  return input;
}
