import type { ClientSession } from '../../src/http2/session/client-session.js';
import { type CallSource, UnaryCaller } from './call.js';
import { Dialler } from './connections.js';
import { RequestBodies } from './request-bodies.js';
import { headersOf } from './request-headers.js';
import type { ClosedLoop, LoadResult } from './spec.js';
import { now, Tally } from './tally.js';
import { seconds } from './timing.js';

/** One call after another on each of the streams, until the time or the calls are over. */
export async function closedLoop(spec: ClosedLoop): Promise<LoadResult> {
  const tally = new Tally();
  const { shape } = spec;
  const source = { tally, bodies: new RequestBodies(shape), nextHeaders: headersOf(shape.metadata) };
  const dialler = new Dialler(spec);
  dialler.indexing = shape.metadata === 'heavy, indexed';
  const sessions = await dialler.all();
  const run = new Run(spec, source, dialler);
  for (const session of sessions) run.use(session);
  await seconds(spec.warmUpSeconds);
  tally.begin();
  await Promise.race([seconds(spec.seconds), run.finished]);
  run.over = true;
  return tally.result();
}

class Run {
  readonly source: CallSource;
  readonly finished: Promise<void>;
  over = false;
  private finish: () => void = () => {};
  private readonly spec: ClosedLoop;
  private readonly dialler: Dialler;
  private begun = 0;

  constructor(spec: ClosedLoop, source: CallSource, dialler: Dialler) {
    this.spec = spec;
    this.source = source;
    this.dialler = dialler;
    this.finished = new Promise((resolve) => {
      this.finish = resolve;
    });
  }

  use(session: ClientSession): void {
    const connection = new LoopConnection(this, session, this.spec.callsPerConnection ?? Number.POSITIVE_INFINITY);
    for (let i = 0; i < this.spec.streams; i++) new LoopStream(connection).next();
  }

  /** Whether one more call may begin. */
  take(): boolean {
    if (this.over) return false;
    if (this.begun === this.spec.calls) {
      if (this.source.tally.calls >= this.begun) this.finish();
      return false;
    }
    this.begun++;
    return true;
  }

  /** A connection has made its calls: another takes its place. */
  async replace(session: ClientSession): Promise<void> {
    session.close('has made its calls');
    if (!this.over) this.use(await this.dialler.one());
  }
}

/** One connection and how many calls it still makes. */
class LoopConnection {
  readonly run: Run;
  readonly session: ClientSession;
  private left: number;

  constructor(run: Run, session: ClientSession, calls: number) {
    this.run = run;
    this.session = session;
    this.left = calls;
  }

  take(): boolean {
    if (this.left === 0) {
      if (this.session.streamCount === 0 && this.session.alive) void this.run.replace(this.session);
      return false;
    }
    if (!this.run.take()) return false;
    this.left--;
    return true;
  }
}

class LoopStream extends UnaryCaller {
  private readonly connection: LoopConnection;

  constructor(connection: LoopConnection) {
    super(connection.run.source);
    this.connection = connection;
  }

  next(): void {
    if (this.connection.take()) this.start(this.connection.session, now());
  }

  protected done(): void {
    this.next();
  }
}
