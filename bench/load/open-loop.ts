import { Worker } from 'node:worker_threads';
import type { ClientSession } from '../../src/http2/session/client-session.js';
import { type CallSource, UnaryCaller } from './call.js';
import { Dialler } from './connections.js';
import { RequestBodies } from './request-bodies.js';
import { headersOf } from './request-headers.js';
import { Schedule } from './schedule.js';
import type { LoadResult, OpenLoop } from './spec.js';
import { now, Tally } from './tally.js';
import { seconds } from './timing.js';

const TICK_MICROS = 250;

/** Calls begin when the schedule says, in turn on the connections; how long one takes is counted from then. */
export async function openLoop(spec: OpenLoop): Promise<LoadResult> {
  const tally = new Tally();
  const { shape } = spec;
  const source = { tally, bodies: new RequestBodies(shape), nextHeaders: headersOf(shape.metadata) };
  const sender = new ScheduledSender(source, await new Dialler(spec).all(), spec.callsPerSecond);
  const ticker = new Worker(new URL('./ticker.js', import.meta.url), { workerData: TICK_MICROS });
  ticker.on('message', () => sender.tick());
  await seconds(spec.warmUpSeconds);
  tally.begin();
  await seconds(spec.seconds);
  const result = tally.result();
  await ticker.terminate();
  // Calls that never end would leave a fine histogram of those that do.
  const behind = sender.begun - tally.calls;
  if (behind > spec.callsPerSecond) throw new Error(`${behind} calls behind the schedule of ${spec.callsPerSecond}/s`);
  return result;
}

class ScheduledSender {
  private readonly sessions: readonly ClientSession[];
  private readonly source: CallSource;
  private readonly schedule: Schedule;
  private readonly startedAt = now();
  private readonly free: ScheduledCall[] = [];
  /** When calls were meant to begin that found every connection at its limit of streams. */
  private readonly late: number[] = [];
  private turn = 0;
  begun = 0;

  constructor(source: CallSource, sessions: readonly ClientSession[], callsPerSecond: number) {
    this.source = source;
    this.sessions = sessions;
    this.schedule = new Schedule(callsPerSecond, TICK_MICROS);
  }

  tick(): void {
    const due = this.schedule.dueBy(now() - this.startedAt);
    for (; this.begun < due; this.begun++) this.late.push(this.startedAt + this.schedule.intendedAt(this.begun));
    this.sendLate();
  }

  private sendLate(): void {
    let sent = 0;
    for (; sent < this.late.length; sent++) {
      const session = this.nextSession();
      if (session === undefined) break;
      (this.free.pop() ?? new ScheduledCall(this.source, this)).begin(session, this.late[sent]!);
    }
    this.late.splice(0, sent);
  }

  private nextSession(): ClientSession | undefined {
    for (let tries = 0; tries < this.sessions.length; tries++) {
      const session = this.sessions[this.turn++ % this.sessions.length]!;
      if (session.canOpen) return session;
    }
    return undefined;
  }

  over(call: ScheduledCall): void {
    this.free.push(call);
    if (this.late.length > 0) this.sendLate();
  }
}

class ScheduledCall extends UnaryCaller {
  private readonly sender: ScheduledSender;

  constructor(source: CallSource, sender: ScheduledSender) {
    super(source);
    this.sender = sender;
  }

  begin(session: ClientSession, intendedAt: number): void {
    this.start(session, intendedAt);
  }

  protected done(): void {
    this.sender.over(this);
  }
}
