import type { DeviceClient } from '../client.js';
import type { Fleet, Received } from '../fleet.js';
import type { Narrator } from '../narrator.js';

/** What the steps of the story share. */
export interface Stage {
  readonly fleet: Fleet;
  readonly client: DeviceClient;
  readonly narrator: Narrator;
  /** Devices that were created, and the shard each is on. */
  readonly homes: Map<string, string>;
}

export type Step = (stage: Stage) => Promise<void>;

/** The shard of a replica: `east` of `east-1`. */
export function shardOf(replica: string): string {
  return replica.replace(/-\d+$/, '');
}

const PATIENCE_MS = 10_000;

/** Waits until `condition` holds; returns whether it ever did. */
export async function happens(condition: () => boolean): Promise<boolean> {
  const end = performance.now() + PATIENCE_MS;
  while (!condition()) {
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return true;
}

/**
 * Does `act` and returns with its result what the replicas received meanwhile of `method`; at least `count` of them, if they
 * come at all.
 */
export async function observing<T>(
  { fleet }: Stage,
  method: string,
  count: number,
  act: () => Promise<T>,
): Promise<{ result: T; received: readonly Received[] }> {
  const from = fleet.received.length;
  const ours = () => fleet.received.slice(from).filter((each) => each.method === method);
  const result = await act();
  await happens(() => ours().length >= count);
  return { result, received: ours() };
}

/** `east-1 and east-2`. */
export function list(names: Iterable<string>): string {
  return [...names].sort().join(' and ');
}
