/**
 * How backends are dealt out to worker threads, for life: `auto` makes one worker for each core that the main thread leaves
 * free (at least one, at most one a backend), `per-backend` gives each backend its own, a number says how many.
 */
export type WorkerCount = 'auto' | 'per-backend' | number;

/**
 * Deals `backends` backends out in turn.
 * @param cores of this machine
 * @returns for each worker the numbers of its backends; no worker is without one
 */
export function placeBackends(backends: number, workers: WorkerCount, cores: number): number[][] {
  const wanted = workers === 'per-backend' ? backends : workers === 'auto' ? Math.max(1, cores - 1) : workers;
  const count = Math.min(backends, wanted);
  const places: number[][] = Array.from({ length: count }, () => []);
  for (let i = 0; i < backends; i++) places[i % count]!.push(i);
  return places;
}
