/** Longest wait for something that is expected to happen, in ms: generous, because a busy machine must not fail a test. */
export const PATIENCE_MS = 15_000;
const STEP_MS = 5;

/**
 * Waits until `condition` returns something other than false or undefined, and returns that.
 * @throws Error that says `what` did not happen, after `patienceMs`
 */
export async function eventually<T>(
  what: string,
  condition: () => T | false | undefined | Promise<T | false | undefined>,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const end = performance.now() + patienceMs;
  for (;;) {
    const seen = await condition();
    if (seen !== false && seen !== undefined) return seen;
    if (performance.now() > end) throw new Error(`did not happen within ${patienceMs} ms: ${what}`);
    await delay(STEP_MS);
  }
}

/** Passes `promise` on, or fails naming `what` after `patienceMs`. */
export async function within<T>(what: string, promise: Promise<T>, patienceMs = PATIENCE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`did not happen within ${patienceMs} ms: ${what}`)), patienceMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** For the one thing that no event tells: that something did not happen. */
export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
