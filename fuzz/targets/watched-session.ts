import type { HeaderList } from '../../src/http2/hpack/header-list.js';
import type { SessionOptions } from '../../src/http2/session/options.js';
import type { Session } from '../../src/http2/session/session.js';
import type { Stream, StreamHandler } from '../../src/http2/stream/stream.js';
import { hold } from '../finding.js';
import { checkOutput } from './checked-output.js';
import { type MemorySocket, settled } from './memory-socket.js';

/** Bytes that we may send for each byte received and at all, besides bodies that a handler chose to send. */
const AMPLIFICATION = 20;
const OUTPUT_ALLOWANCE = 8192;
/** Slow peers take something once in so many chunks. */
const CHUNKS_PER_TAKE = 5;

/** What happens on a session and its streams, and whether it may. */
export class Watch {
  readonly handlers = new Set<WatchedHandler>();
  /** Kinds of things that happened. */
  readonly events = new Set<string>();
  /** Bytes of bodies that handlers gave to `sendData`. */
  answered = 0;
  closeReason: string | null = null;

  onReady(): void {
    hold(this.closeReason === null, 'onReady after onClose');
    this.events.add('ready');
  }

  onGoaway(): void {
    hold(this.closeReason === null, 'onGoaway after onClose');
    this.events.add('goaway');
  }

  onLimit(limit: string): void {
    this.events.add(limit);
  }

  onClose(reason: string): void {
    hold(this.closeReason === null, 'onClose twice');
    this.closeReason = reason;
  }
}

/** A handler that holds the session to the contract of {@link StreamHandler}. Subclasses answer in `on…` of their own. */
export abstract class WatchedHandler implements StreamHandler {
  protected readonly watch: Watch;
  stream: Stream | null = null;
  private headers = false;
  private remoteEnded = false;
  private gone = false;
  private given = 0;
  private sent = 0;

  constructor(watch: Watch) {
    this.watch = watch;
    watch.handlers.add(this);
  }

  protected abstract headersCame(endStream: boolean): void;
  protected abstract dataCame(buf: Buffer, start: number, end: number, endStream: boolean): void;
  protected abstract ended(): void;

  /** The stream came with its headers, as it does on the server's side. */
  protected cameWithHeaders(endStream: boolean): void {
    this.headers = true;
    this.remoteEnded = endStream;
  }

  /** Nothing more is heard of a stream that its owner resets. */
  protected giveUp(stream: Stream, code: number): void {
    this.gone = true;
    stream.reset(code);
  }

  protected send(stream: Stream, buf: Buffer, start: number, end: number, endStream: boolean): void {
    if (!stream.open) return;
    this.watch.answered += end - start;
    this.given += end - start;
    stream.sendData(buf, start, end, endStream);
  }

  private saw(what: string): void {
    hold(!this.gone, `${what} after the stream was reset`);
    hold(this.watch.closeReason === null, `${what} after onClose`);
    this.watch.events.add(what);
  }

  onHeaders(_list: HeaderList, endStream: boolean): void {
    this.saw('headers');
    hold(!this.headers && !this.remoteEnded, 'headers twice');
    this.headers = true;
    this.remoteEnded = endStream;
    this.headersCame(endStream);
  }

  onData(buf: Buffer, start: number, end: number, endStream: boolean): void {
    this.saw('data');
    hold(!this.remoteEnded, 'data after the end');
    hold(start >= 0 && start <= end && end <= buf.length, 'data outside its buffer');
    this.remoteEnded = endStream;
    this.dataCame(buf, start, end, endStream);
  }

  onTrailers(): void {
    this.saw('trailers');
    hold(!this.remoteEnded, 'trailers after the end');
    this.remoteEnded = true;
    this.ended();
  }

  onReset(code: number, cause: number): void {
    this.saw(`reset ${cause}`);
    hold(code >= 0 && code <= 0xffffffff, 'a reset code that is none');
    this.gone = true;
  }

  onSent(bytes: number): void {
    hold(!this.gone, 'sent after the stream was reset');
    this.sent += bytes;
    hold(bytes > 0 && this.sent <= this.given, 'sent more than was given');
  }

  /** Whether the stream's owner knows that it is over. */
  get over(): boolean {
    return this.gone || (this.remoteEnded && this.sent === this.given);
  }
}

/** Feeds a session with a peer's bytes, then cuts the connection, and checks what it did and what it left. */
export async function drive(
  session: Session,
  socket: MemorySocket,
  watch: Watch,
  options: SessionOptions,
  chunks: readonly Buffer[],
  clientPreface: boolean,
): Promise<string> {
  let received = 0;
  for (const [i, chunk] of chunks.entries()) {
    if (!session.alive) break;
    received += chunk.length;
    socket.deliver(chunk);
    // Lets the turn end.
    await null;
    if (i % CHUNKS_PER_TAKE === 0) socket.release();
  }
  await settled();
  // Now, and much later.
  session.sweep(performance.now());
  session.sweep(performance.now() + 1e9);
  session.sweep(performance.now() + 2e9);
  const ended = session.alive ? 'goes on' : (watch.closeReason ?? '');
  socket.destroy();
  await settled();
  hold(!session.alive && watch.closeReason !== null, 'the session is not over with its socket');
  hold(session.streamCount === 0, 'streams are left');
  for (const handler of watch.handlers) hold(handler.over, 'a handler was not told that its stream is over');
  hold(!process.getActiveResourcesInfo().includes('Timeout'), 'a timer is left');
  const output = socket.output;
  const most = received * AMPLIFICATION + watch.answered * 2 + OUTPUT_ALLOWANCE;
  hold(output.length <= most, `${output.length} bytes sent for ${received}`);
  checkOutput(output, clientPreface);
  return describe(ended, watch, options);
}

function describe(ended: string, watch: Watch, options: SessionOptions): string {
  const counted = Object.entries(options.counters).filter(([, times]) => times > 0);
  const names = counted.map(([name]) => name);
  return [ended.replaceAll(/\d+/g, '#'), ...[...watch.events].sort(), ...names].join(' ');
}
