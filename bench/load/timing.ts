/** Resolves after so many seconds; at once for 0. */
export function seconds(count: number): Promise<void> {
  return count <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, count * 1000));
}
