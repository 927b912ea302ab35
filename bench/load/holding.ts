/** Loads that consist in being there: they answer when they stand, and stay until the process ends. */
import type { HeaderList } from '../../src/http2/hpack/header-list.js';
import type { ClientSession } from '../../src/http2/session/client-session.js';
import type { StreamHandler } from '../../src/http2/stream/stream.js';
import { messageOf } from '../message.js';
import { UnaryCaller } from './call.js';
import { Dialler } from './connections.js';
import { RequestBodies } from './request-bodies.js';
import { headersOf, plainHeaders } from './request-headers.js';
import type { Idle, LoadResult, Stalled } from './spec.js';
import { now, Tally } from './tally.js';
import { seconds } from './timing.js';

/** What HTTP/2 clients start with, and most keep (RFC 9113, 6.9.2). */
const DEFAULT_WINDOW = 65_535;
/** A proxy that lets streams stop each other would keep us waiting for ever. */
const STAND_LIMIT_SECONDS = 30;
const SHAPE = { bytes: 10, keys: 0, metadata: 'plain' } as const;

/** Connections that have made a call each. */
export async function idle(spec: Idle): Promise<LoadResult> {
  const tally = new Tally();
  const source = { tally, bodies: new RequestBodies(SHAPE), nextHeaders: headersOf('plain') };
  const sessions = await new Dialler(spec).all();
  await Promise.all(
    sessions.map(
      (session) =>
        new Promise<void>((resolve) => {
          new OneCall(source, resolve).begin(session);
        }),
    ),
  );
  return tally.result();
}

class OneCall extends UnaryCaller {
  private readonly resolve: () => void;

  constructor(source: ConstructorParameters<typeof UnaryCaller>[0], resolve: () => void) {
    super(source);
    this.resolve = resolve;
  }

  begin(session: ClientSession): void {
    this.start(session, now());
  }

  protected done(): void {
    this.resolve();
  }
}

/** Streams that have taken one window, and take no more. */
export async function stalled(spec: Stalled): Promise<LoadResult> {
  const tally = new Tally();
  const sessions = await new Dialler(spec, DEFAULT_WINDOW).all();
  const full: Promise<void>[] = [];
  for (const session of sessions) {
    for (let i = 0; i < spec.streams; i++) {
      full.push(new Promise((resolve) => new StalledStream(session, tally, resolve)));
    }
  }
  await Promise.race([Promise.all(full), tooLong()]);
  return tally.result();
}

async function tooLong(): Promise<never> {
  await seconds(STAND_LIMIT_SECONDS);
  throw new Error(`not every stream has got a window after ${STAND_LIMIT_SECONDS} s`);
}

class StalledStream implements StreamHandler {
  private readonly tally: Tally;
  private readonly full: () => void;
  private received = 0;

  constructor(session: ClientSession, tally: Tally, full: () => void) {
    this.tally = tally;
    this.full = full;
    const stream = session.open(this, plainHeaders('Produce'), undefined, false);
    const request = messageOf(10);
    stream.sendData(request, 0, request.length, true);
  }

  onHeaders(list: HeaderList, endStream: boolean): void {
    if (endStream) this.onTrailers(list);
  }

  onData(_buf: Buffer, start: number, end: number): void {
    this.tally.bytes(end - start);
    this.received += end - start;
    if (this.received >= DEFAULT_WINDOW) this.full();
  }

  onTrailers(list: HeaderList): void {
    throw new Error(`a stalled stream ended: grpc-status ${list.get('grpc-status')}`);
  }

  onReset(code: number): void {
    throw new Error(`a stalled stream was reset, code ${code}`);
  }

  onSent(): void {}
}
