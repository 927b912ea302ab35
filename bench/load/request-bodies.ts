import { messageOf } from '../message.js';
import type { CallShape } from './spec.js';

/** A step that is prime to every number of keys used: a walk with it visits each key before one comes again, in no order. */
const STEP = 38_197;

/** The bodies of calls one after another: always the same message, or one whose field goes through so many values. */
export class RequestBodies {
  readonly bytes: Buffer;
  /** Bytes of one body. */
  readonly length: number;
  private readonly count: number;
  private at: number;

  constructor({ bytes, keys }: CallShape) {
    const bodies = keys === 0 ? [messageOf(bytes)] : Array.from({ length: keys }, (_, i) => messageOf(bytes, keyOf(i)));
    this.bytes = Buffer.concat(bodies);
    this.length = bodies[0]!.length;
    this.count = bodies.length;
    this.at = Math.floor(Math.random() * this.count);
  }

  /** Where the next body begins in `bytes`. */
  next(): number {
    this.at = (this.at + STEP) % this.count;
    return this.at * this.length;
  }
}

function keyOf(i: number): string {
  return i.toString().padStart(8, '0');
}
