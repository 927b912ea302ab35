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
  const count = Math.min(backends, mostWorkers(workers, cores));
  const places: number[][] = Array.from({ length: count }, () => []);
  for (let i = 0; i < backends; i++) places[i % count]!.push(i);
  return places;
}

/**
 * Where a backend goes that comes later: to the worker with the fewest, or to a new one while there may be more.
 * @param counts backends of each worker
 * @returns index of the worker; `counts.length` = a new one
 */
export function placeLater(counts: readonly number[], workers: WorkerCount, cores: number): number {
  const fewest = counts.indexOf(Math.min(...counts));
  const idle = fewest >= 0 && counts[fewest] === 0;
  return !idle && counts.length < mostWorkers(workers, cores) ? counts.length : fewest;
}

function mostWorkers(workers: WorkerCount, cores: number): number {
  if (workers === 'per-backend') return Number.POSITIVE_INFINITY;
  return workers === 'auto' ? Math.max(1, cores - 1) : workers;
}
