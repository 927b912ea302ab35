import { MainPortReader, WorkerPortReader } from '../../src/port/port-reader.js';
import type { Target } from '../target.js';
import { PortRanges, refusal } from './port-ranges.js';

/** Both ends of the port. Only a bug of ours can write a bad batch, and it must say so instead of doing something else. */
export const portTarget: Target = {
  name: 'port',
  corpus: 'port',
  framed: false,
  start: () => (input) => {
    const batch = new ArrayBuffer(input.length);
    new Uint8Array(batch).set(input);
    return [WorkerPortReader, MainPortReader]
      .map((Reader) => {
        const ranges = new PortRanges();
        const refused = refusal(() => new Reader(ranges).read(batch));
        return `${[...new Set(ranges.seen)].join(' ')} ${refused.replaceAll(/\d+/g, '#')}`;
      })
      .join(' | ');
  },
};
