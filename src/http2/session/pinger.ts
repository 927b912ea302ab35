import type { FrameWriter } from '../codec/frame-writer.js';

/** A PING on its way. */
interface Sent {
  readonly number: number;
  readonly atMs: number;
  readonly onAnswer: (() => void) | null;
}

/** Our PINGs on one connection (RFC 9113 §6.7), told apart by the number in their payload, and how long the last one took. */
export class Pinger {
  private readonly writer: FrameWriter;
  private readonly payload = Buffer.alloc(8);
  private readonly waiting: Sent[] = [];
  private count = 0;
  /** Round trip of the last PING that was answered, in ms; -1 before the first. */
  rttMs = -1;

  constructor(writer: FrameWriter) {
    this.writer = writer;
  }

  /** Sends a PING. @param onAnswer called when the answer is here, if ever */
  send(onAnswer: (() => void) | null = null): void {
    this.count++;
    this.payload.writeUInt32BE(this.count >>> 0, 4);
    this.waiting.push({ number: this.count, atMs: performance.now(), onAnswer });
    this.writer.ping(false, this.payload, 0);
  }

  /** An answer is here; its 8 bytes are at `start`. Returns false when nobody asked. */
  answered(buf: Buffer, start: number): boolean {
    const number = buf.readUInt32BE(start + 4);
    const at = this.waiting.findIndex((sent) => sent.number === number);
    if (at < 0) return false;
    const [sent] = this.waiting.splice(at, 1);
    this.rttMs = performance.now() - sent!.atMs;
    sent!.onAnswer?.();
    return true;
  }
}
