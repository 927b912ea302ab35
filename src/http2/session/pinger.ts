import type { FrameWriter } from '../codec/frame-writer.js';

const PAYLOAD = Buffer.alloc(8);

/** Our PINGs on one connection (RFC 9113 §6.7): one at a time, and how long the answer took. */
export class Pinger {
  private readonly writer: FrameWriter;
  private onAnswer: ((rttMs: number) => void) | null = null;
  private sentAt = 0;

  constructor(writer: FrameWriter) {
    this.writer = writer;
  }

  /** Sends a PING; `onAnswer` gets the round trip in ms. Returns false, and sends none, while another one waits. */
  send(onAnswer: (rttMs: number) => void): boolean {
    if (this.onAnswer !== null) return false;
    this.onAnswer = onAnswer;
    this.sentAt = performance.now();
    this.writer.ping(false, PAYLOAD, 0);
    return true;
  }

  /** The answer is here. Returns false when nobody asked. */
  answered(): boolean {
    const { onAnswer } = this;
    this.onAnswer = null;
    onAnswer?.(performance.now() - this.sentAt);
    return onAnswer !== null;
  }
}
