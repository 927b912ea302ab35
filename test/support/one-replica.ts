import { after, before } from 'node:test';
import { Bed, roundRobin } from './bed.js';

/** A router in front of one replica, `r1`, started before and stopped after the tests of the suite around it. */
export function oneReplica(env: Readonly<Record<string, string>>): { bed: Bed } {
  const holder = {} as { bed: Bed };
  before(async () => {
    holder.bed = await Bed.start({
      clusters: { c: { b: { replicas: ['r1'], type: 'server' } } },
      routes: [roundRobin('all', 'c')],
      daemon: { env },
    });
  });
  after(() => holder.bed.stop());
  return holder;
}
