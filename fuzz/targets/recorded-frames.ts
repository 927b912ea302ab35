import type { FrameHandler } from '../../src/http2/codec/frame-reader.js';
import { hold } from '../finding.js';

/** Writes down what a frame reader says, and checks that every range lies in its buffer. */
export class RecordedFrames implements FrameHandler {
  readonly seen: string[] = [];

  private range(buf: Buffer, start: number, end: number): string {
    hold(start >= 0 && start <= end && end <= buf.length, 'a range outside its buffer');
    return buf.toString('latin1', start, end);
  }

  onData(id: number, endStream: boolean, buf: Buffer, start: number, end: number, flowBytes: number): void {
    hold(flowBytes >= end - start, 'DATA counts less than its bytes');
    this.seen.push(`DATA ${id} ${endStream} ${flowBytes} ${this.range(buf, start, end)}`);
  }

  onHeaderBlock(id: number, endStream: boolean, buf: Buffer, start: number, end: number, dependsOn: number): void {
    this.seen.push(`HEADERS ${id} ${endStream} ${dependsOn} ${this.range(buf, start, end)}`);
  }

  onPriority(id: number, dependsOn: number): void {
    this.seen.push(`PRIORITY ${id} ${dependsOn}`);
  }

  onStreamFrameSizeError(id: number): void {
    this.seen.push(`SIZE ${id}`);
  }

  onRstStream(id: number, code: number): void {
    this.seen.push(`RST_STREAM ${id} ${code}`);
  }

  onSettings(ack: boolean, buf: Buffer, start: number, end: number): void {
    this.seen.push(`SETTINGS ${ack} ${this.range(buf, start, end)}`);
  }

  onPing(ack: boolean, buf: Buffer, start: number): void {
    this.seen.push(`PING ${ack} ${this.range(buf, start, start + 8)}`);
  }

  onGoaway(lastId: number, code: number, debug: string): void {
    hold(debug.length <= 128, 'a long text of GOAWAY');
    this.seen.push(`GOAWAY ${lastId} ${code} ${debug}`);
  }

  onWindowUpdate(id: number, increment: number): void {
    this.seen.push(`WINDOW_UPDATE ${id} ${increment}`);
  }

  onUnknownFrame(): void {
    this.seen.push('UNKNOWN');
  }
}
