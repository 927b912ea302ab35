import { ErrorCode } from '../frame/error-code.js';
import {
  CLIENT_PREFACE,
  DEFAULT_MAX_FRAME_BYTES,
  Flag,
  FRAME_HEAD_BYTES,
  FrameType,
  readUint32,
} from '../frame/head.js';
import { Http2Error } from '../frame/http2-error.js';
import { requireConnection, requireSize, requireStream } from '../frame/legal.js';

/**
 * Where frames go. Buffers are only borrowed from the socket's read chunk: a handler that keeps bytes keeps the chunk.
 * Ranges are [start, end) without padding.
 */
export interface FrameHandler {
  /** `flowBytes` is what counts against the windows: payload including padding (RFC 9113 §6.1). */
  onData(id: number, endStream: boolean, buf: Buffer, start: number, end: number, flowBytes: number): void;
  /** One whole header block, joined from HEADERS and CONTINUATION. `dependsOn` is -1 without a priority field. */
  onHeaderBlock(id: number, endStream: boolean, buf: Buffer, start: number, end: number, dependsOn: number): void;
  onPriority(id: number, dependsOn: number): void;
  /** A PRIORITY frame of a wrong size is an error of that stream only (RFC 9113 §6.3). */
  onStreamFrameSizeError(id: number): void;
  onRstStream(id: number, code: number): void;
  onSettings(ack: boolean, buf: Buffer, start: number, end: number): void;
  onPing(ack: boolean, buf: Buffer, start: number): void;
  onGoaway(lastId: number, code: number, debug: string): void;
  onWindowUpdate(id: number, increment: number): void;
  /** A frame of a type that RFC 9113 does not know; ignored (§4.1), but somebody may want to count. */
  onUnknownFrame(): void;
}

/** What a reader refuses. */
export interface FrameLimits {
  /** Bytes of one compressed header block, HEADERS and CONTINUATION together. */
  readonly maxHeaderBlockBytes: number;
  /** CONTINUATION frames in one header block, empty ones included (CVE-2024-27316 and its siblings). */
  readonly maxContinuations: number;
}

const NO_BYTES = Buffer.alloc(0);

/**
 * Cuts what a socket delivers into frames and checks what can be checked without knowing streams: sizes, stream id zero or
 * not, padding, and that nothing comes between HEADERS and its CONTINUATIONs (RFC 9113 §4, §6).
 *
 * Frames are handed on where they lie in the chunk; only a frame that a chunk boundary splits is copied together. No
 * allocation per frame.
 */
export class FrameReader {
  private readonly handler: FrameHandler;
  private readonly limits: FrameLimits;
  /** Octets of the client preface still to come; 0 on the client side. */
  private prefaceLeft: number;
  private sawSettings = false;
  private stopped = false;
  /** Frames and header blocks that have ended, a block with its CONTINUATIONs as one. */
  completed = 0;

  /** A frame split by a chunk boundary: its first `partialLength` bytes. `partial` is null when there is none. */
  private partial: Buffer | null = null;
  private partialLength = 0;

  /** The header block under construction: stream id or 0. */
  private blockId = 0;
  private blockEndStream = false;
  private blockDependsOn = -1;
  private block: Buffer = NO_BYTES;
  private blockLength = 0;
  private blockContinuations = 0;

  constructor(handler: FrameHandler, limits: FrameLimits, expectPreface: boolean) {
    this.handler = handler;
    this.limits = limits;
    this.prefaceLeft = expectPreface ? CLIENT_PREFACE.length : 0;
  }

  /** True once the peer's preface (RFC 9113 §3.4) is complete: the client's magic and either side's first SETTINGS. */
  get prefaceDone(): boolean {
    return this.sawSettings;
  }

  /** True while a header block, or a frame other than DATA, has begun and not ended. */
  get midHeaders(): boolean {
    if (this.blockId !== 0) return true;
    const { partial } = this;
    return partial !== null && (this.partialLength < FRAME_HEAD_BYTES || partial[3] !== FrameType.DATA);
  }

  /**
   * Takes the next bytes of the connection.
   * @throws Http2Error a connection error; the reader must not be used again
   */
  push(chunk: Buffer): void {
    let pos = 0;
    if (this.prefaceLeft > 0) pos = this.readPreface(chunk);
    if (this.partial !== null) pos = this.completePartial(chunk, pos);
    const end = chunk.length;
    while (end - pos >= FRAME_HEAD_BYTES && !this.stopped) {
      const frameEnd = pos + FRAME_HEAD_BYTES + this.checkedLength(chunk, pos);
      if (frameEnd > end) break;
      this.dispatch(chunk, pos, frameEnd);
      pos = frameEnd;
    }
    if (pos < end) this.keepPartial(chunk, pos);
  }

  /** Reads no more: what is left of the chunk at hand is not looked at either. */
  stop(): void {
    this.stopped = true;
  }

  private readPreface(chunk: Buffer): number {
    const offset = CLIENT_PREFACE.length - this.prefaceLeft;
    const n = Math.min(chunk.length, this.prefaceLeft);
    for (let i = 0; i < n; i++) {
      if (chunk[i] !== CLIENT_PREFACE[offset + i]) {
        throw new Http2Error(ErrorCode.PROTOCOL_ERROR, 'the connection does not begin with the HTTP/2 client preface');
      }
    }
    this.prefaceLeft -= n;
    return n;
  }

  /** The payload length of the frame whose head is at `pos`, refused before any of it is buffered. */
  private checkedLength(buf: Buffer, pos: number): number {
    const length = (buf[pos]! << 16) | (buf[pos + 1]! << 8) | buf[pos + 2]!;
    if (length > DEFAULT_MAX_FRAME_BYTES) {
      throw new Http2Error(ErrorCode.FRAME_SIZE_ERROR, `a frame of ${length} bytes is over ${DEFAULT_MAX_FRAME_BYTES}`);
    }
    return length;
  }

  private keepPartial(chunk: Buffer, pos: number): void {
    const have = chunk.length - pos;
    // With a whole head the frame's size is known; without, the head alone decides when it is complete.
    const size = have >= FRAME_HEAD_BYTES ? FRAME_HEAD_BYTES + this.checkedLength(chunk, pos) : FRAME_HEAD_BYTES;
    this.partial = Buffer.allocUnsafe(size);
    this.partialLength = chunk.copy(this.partial, 0, pos);
  }

  private completePartial(chunk: Buffer, pos: number): number {
    let partial = this.partial!;
    if (this.partialLength < FRAME_HEAD_BYTES) {
      const n = chunk.copy(partial, this.partialLength, pos, pos + FRAME_HEAD_BYTES - this.partialLength);
      this.partialLength += n;
      pos += n;
      if (this.partialLength < FRAME_HEAD_BYTES) return pos;
      const size = FRAME_HEAD_BYTES + this.checkedLength(partial, 0);
      if (size > partial.length) {
        const whole = Buffer.allocUnsafe(size);
        partial.copy(whole, 0, 0, FRAME_HEAD_BYTES);
        this.partial = whole;
        partial = whole;
      }
    }
    const n = chunk.copy(partial, this.partialLength, pos, pos + partial.length - this.partialLength);
    this.partialLength += n;
    pos += n;
    if (this.partialLength === partial.length) {
      this.partial = null;
      this.dispatch(partial, 0, partial.length);
    }
    return pos;
  }

  private dispatch(buf: Buffer, pos: number, end: number): void {
    const type = buf[pos + 3]!;
    const flags = buf[pos + 4]!;
    const id = readUint32(buf, pos + 5) & 0x7fffffff;
    const start = pos + FRAME_HEAD_BYTES;
    if (this.blockId !== 0 && (type !== FrameType.CONTINUATION || id !== this.blockId)) {
      throw new Http2Error(
        ErrorCode.PROTOCOL_ERROR,
        `frame type ${type} inside the header block of stream ${this.blockId}`,
      );
    }
    if (!this.sawSettings) {
      if (type !== FrameType.SETTINGS || (flags & Flag.ACK) !== 0) {
        throw new Http2Error(ErrorCode.PROTOCOL_ERROR, `the first frame has type ${type} and is not SETTINGS`);
      }
      this.sawSettings = true;
    }
    if (type !== FrameType.CONTINUATION) this.completed++;
    switch (type) {
      case FrameType.DATA:
        this.readData(id, flags, buf, start, end);
        break;
      case FrameType.HEADERS:
        this.readHeaders(id, flags, buf, start, end);
        break;
      case FrameType.PRIORITY:
        requireStream(id, 'PRIORITY');
        if (end - start !== 5) this.handler.onStreamFrameSizeError(id);
        else this.handler.onPriority(id, readUint32(buf, start) & 0x7fffffff);
        break;
      case FrameType.RST_STREAM:
        requireStream(id, 'RST_STREAM');
        requireSize(end - start, 4, 'RST_STREAM');
        this.handler.onRstStream(id, readUint32(buf, start));
        break;
      case FrameType.SETTINGS:
        requireConnection(id, 'SETTINGS');
        if ((flags & Flag.ACK) !== 0) requireSize(end - start, 0, 'SETTINGS ACK');
        else if ((end - start) % 6 !== 0) requireSize(end - start, 6, 'SETTINGS');
        this.handler.onSettings((flags & Flag.ACK) !== 0, buf, start, end);
        break;
      case FrameType.PUSH_PROMISE:
        // A client must not push; and as a client we switch push off (RFC 9113 §8.4).
        throw new Http2Error(ErrorCode.PROTOCOL_ERROR, 'PUSH_PROMISE is not accepted');
      case FrameType.PING:
        requireConnection(id, 'PING');
        requireSize(end - start, 8, 'PING');
        this.handler.onPing((flags & Flag.ACK) !== 0, buf, start);
        break;
      case FrameType.GOAWAY:
        requireConnection(id, 'GOAWAY');
        if (end - start < 8) requireSize(end - start, 8, 'GOAWAY');
        this.handler.onGoaway(
          readUint32(buf, start) & 0x7fffffff,
          readUint32(buf, start + 4),
          buf.toString('latin1', start + 8, Math.min(end, start + 8 + 128)),
        );
        break;
      case FrameType.WINDOW_UPDATE:
        requireSize(end - start, 4, 'WINDOW_UPDATE');
        this.handler.onWindowUpdate(id, readUint32(buf, start) & 0x7fffffff);
        break;
      case FrameType.CONTINUATION:
        if (this.blockId === 0) {
          throw new Http2Error(ErrorCode.PROTOCOL_ERROR, `CONTINUATION without HEADERS on stream ${id}`);
        }
        this.blockContinuations++;
        if (this.blockContinuations > this.limits.maxContinuations) {
          throw new Http2Error(
            ErrorCode.ENHANCE_YOUR_CALM,
            `over ${this.limits.maxContinuations} CONTINUATION frames in one header block`,
            'continuations',
          );
        }
        this.appendToBlock(buf, start, end);
        if ((flags & Flag.END_HEADERS) !== 0) this.endBlock();
        break;
      default:
        this.handler.onUnknownFrame();
        break;
    }
  }

  private readData(id: number, flags: number, buf: Buffer, start: number, end: number): void {
    requireStream(id, 'DATA');
    const flowBytes = end - start;
    if ((flags & Flag.PADDED) !== 0) {
      if (start === end) requireSize(0, 1, 'padded DATA');
      end -= buf[start]!;
      start += 1;
      if (end < start)
        throw new Http2Error(ErrorCode.PROTOCOL_ERROR, `DATA padding is longer than the frame on stream ${id}`);
    }
    this.handler.onData(id, (flags & Flag.END_STREAM) !== 0, buf, start, end, flowBytes);
  }

  private readHeaders(id: number, flags: number, buf: Buffer, start: number, end: number): void {
    requireStream(id, 'HEADERS');
    if ((flags & Flag.PADDED) !== 0) {
      if (start === end) requireSize(0, 1, 'padded HEADERS');
      end -= buf[start]!;
      start += 1;
    }
    let dependsOn = -1;
    if ((flags & Flag.PRIORITY) !== 0) {
      if (end - start < 5)
        throw new Http2Error(ErrorCode.FRAME_SIZE_ERROR, `HEADERS too short for its priority on stream ${id}`);
      dependsOn = readUint32(buf, start) & 0x7fffffff;
      start += 5;
    }
    if (end < start)
      throw new Http2Error(ErrorCode.PROTOCOL_ERROR, `HEADERS padding is longer than the frame on stream ${id}`);
    const endStream = (flags & Flag.END_STREAM) !== 0;
    if ((flags & Flag.END_HEADERS) !== 0) {
      this.handler.onHeaderBlock(id, endStream, buf, start, end, dependsOn);
      return;
    }
    this.blockId = id;
    this.blockEndStream = endStream;
    this.blockDependsOn = dependsOn;
    this.blockLength = 0;
    this.blockContinuations = 0;
    this.appendToBlock(buf, start, end);
  }

  private appendToBlock(buf: Buffer, start: number, end: number): void {
    const length = this.blockLength + (end - start);
    if (length > this.limits.maxHeaderBlockBytes) {
      throw new Http2Error(
        ErrorCode.ENHANCE_YOUR_CALM,
        `a header block of over ${this.limits.maxHeaderBlockBytes} bytes on stream ${this.blockId}`,
        'headerBlockBytes',
      );
    }
    if (length > this.block.length) {
      const grown = Buffer.allocUnsafe(Math.min(Math.max(length * 2, 1024), this.limits.maxHeaderBlockBytes));
      this.block.copy(grown, 0, 0, this.blockLength);
      this.block = grown;
    }
    buf.copy(this.block, this.blockLength, start, end);
    this.blockLength = length;
  }

  private endBlock(): void {
    const { block, blockId, blockLength } = this;
    this.blockId = 0;
    this.block = NO_BYTES;
    this.handler.onHeaderBlock(blockId, this.blockEndStream, block, 0, blockLength, this.blockDependsOn);
  }
}
