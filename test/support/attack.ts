import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { HpackDecoder } from '../../src/http2/hpack/decoder.js';
import { SharedHeaderLists } from '../../src/http2/hpack/shared-header-lists.js';
import type { Admin } from './admin.js';
import { type BedPlan, roundRobin } from './bed.js';
import { EchoClient } from './client.js';
import type { Daemon } from './daemon.js';
import { delay, eventually } from './eventually.js';
import { Flag, type Frame, frame, Type } from './frames.js';
import { type RawPeer, requestBlock } from './raw-peer.js';

const MIB = 1024 * 1024;
/** What an attack may cost: the heaps of a few threads breathe by tens of MiB; an attack that works takes hundreds. */
const PEAK_BYTES = 160 * MIB;
const AFTER_BYTES = 128 * MIB;
/** Fleet, attacker and honest client share one thread of a busy machine; a call that waits for the attack to end takes longer. */
const P99_MS = 10_000;
const HONEST_CALLS_AT_A_TIME = 4;

export const ENHANCE_YOUR_CALM = 11;
export const UNARY = '/afrouter.test.Echo/Unary';
export const SERVER_STREAM = '/afrouter.test.Echo/ServerStream';

/** What is attacked: a daemon whose listener `north` serves `Unary` and `Bidi` well. */
export interface Target {
  readonly port: number;
  readonly daemon: Daemon;
  readonly admin: Admin;
}

/** A fleet with two replicas of one backend, and nothing else. */
export function target(env: Readonly<Record<string, string>> = {}): BedPlan {
  return {
    clusters: { c: { b: ['r1', 'r2'] } },
    routes: [roundRobin('all', 'c')],
    admin: true,
    daemon: { env },
  };
}

/** A well-behaved client that makes calls, one after the other in a few lines, and keeps a stream open beside them. */
class HonestTraffic {
  readonly failures: string[] = [];
  readonly times: number[] = [];
  private readonly client: EchoClient;
  private running = true;

  constructor(port: number) {
    this.client = new EchoClient(port);
  }

  /** Resolves when `stop` was called and the last call has ended. */
  async run(): Promise<void> {
    const lines = Array.from({ length: HONEST_CALLS_AT_A_TIME }, () => this.calls());
    await Promise.all([...lines, this.stream()]);
    this.client.stop();
  }

  private async calls(): Promise<void> {
    for (let i = 0; this.running; i++) {
      const key = `honest-${i}`;
      const started = performance.now();
      const { code, details, messages } = await this.client.call('Unary', { key, payload: PAYLOAD });
      this.times.push(performance.now() - started);
      if (code !== 0) this.failures.push(`call ${i}: status ${code}: ${details}`);
      else if (messages[0]?.key !== key) this.failures.push(`call ${i}: another call's answer`);
      await delay(2);
    }
  }

  private async stream(): Promise<void> {
    const call = this.client.open('Bidi');
    try {
      for (let i = 1; this.running; i++) {
        call.send({ key: `s${i}` });
        await call.untilMessages(i);
        await delay(10);
      }
    } catch (error) {
      this.failures.push(`stream: ${error}`);
    }
    const { code, details } = await call.halfClose().outcome;
    if (code !== 0) this.failures.push(`stream: status ${code}: ${details}`);
  }

  stop(): void {
    this.running = false;
  }
}

const PAYLOAD = Buffer.alloc(100, 'p');

/** The name of a counter in `LimitCounters`, as its metric's label has it. */
export function limitName(counter: string): string {
  return counter.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** How often clients, or backends, met this limit. */
async function hits(bed: Target, limit: string): Promise<number> {
  const labels = { listener: 'north', limit: limitName(limit) };
  const scrape = await bed.admin.metrics();
  return (
    scrape.sum('afrouter_limit_hits_total', labels) +
    scrape.sum('afrouter_backend_limit_hits_total', { limit: labels.limit })
  );
}

/** Waits until a client has met this limit. */
export async function untilCounted(bed: Target, limit: string): Promise<void> {
  await eventually(`limit ${limit} is counted`, async () => (await hits(bed, limit)) > 0);
}

/**
 * Runs `attack` while a well-behaved client calls on the same listener, and checks what must hold whatever the attack is: no
 * honest call fails, latency stays sane, memory stays bounded and comes back, and so do the daemon's sockets.
 * @param limit what the attack has to be counted as, a name of `LimitCounters`
 */
export async function underAttack(bed: Target, attack: () => Promise<void>, limit?: string): Promise<void> {
  const honest = new HonestTraffic(bed.port);
  const over = honest.run();
  // Warm, so that what the attack costs is not what starting costs.
  await eventually('honest calls', () => honest.times.length >= 100 || honest.failures.length > 0);
  const hitsBefore = limit === undefined ? 0 : await hits(bed, limit);
  // After the scrape, whose own connection is kept.
  const sockets = socketsOf(bed.daemon);
  const before = bed.daemon.residentBytes();
  let peak = before;
  const sampler = setInterval(() => {
    if (bed.daemon.exited === null) peak = Math.max(peak, bed.daemon.residentBytes());
  }, 50);
  try {
    await attack();
    // Afterwards it is as before: calls go on.
    const enough = honest.times.length + 50;
    await eventually(
      'honest calls after the attack',
      () => honest.times.length >= enough || honest.failures.length > 0,
    );
  } finally {
    clearInterval(sampler);
    honest.stop();
  }
  await eventually('the sockets of the attack are gone', () => socketsOf(bed.daemon) <= sockets);
  await over;
  assert.equal(bed.daemon.exited, null, 'the daemon runs');
  if (limit !== undefined) assert.ok((await hits(bed, limit)) > hitsBefore, `limit ${limit} is counted`);
  assert.deepEqual(honest.failures, [], 'no honest call failed');
  const p99 = honest.times.sort((a, b) => a - b)[Math.floor(honest.times.length * 0.99)]!;
  assert.ok(p99 < P99_MS, `honest p99 ${p99.toFixed(0)} ms`);
  assert.ok(peak - before < PEAK_BYTES, `${((peak - before) / MIB).toFixed(0)} MiB more during the attack`);
  await eventually('memory is back', () => bed.daemon.residentBytes() - before < AFTER_BYTES);
  assert.ok(!bed.daemon.lines.some(({ event }) => event === 'worker_died' || event === 'worker_error'), 'workers live');
}

/** Sockets that the daemon has open. */
export function socketsOf(daemon: Daemon): number {
  const directory = `/proc/${daemon.pid}/fd`;
  let sockets = 0;
  for (const name of readdirSync(directory)) {
    try {
      if (readlinkSync(`${directory}/${name}`).startsWith('socket:')) sockets++;
    } catch {
      // Closed meanwhile.
    }
  }
  return sockets;
}

/** Waits until the daemon has told, in its log, that this limit was met. */
export async function untilTold(daemon: Daemon, limit: string): Promise<void> {
  await daemon.untilLine((line) => line.event === 'limit_hit' && line.limit === limit, `limit ${limit} is met`);
}

/** Sends `chunk` again and again, as fast as it is taken, until it was sent `times` times or the peer closed. */
export async function flood(peer: RawPeer, chunk: Buffer | (() => Buffer), times: number): Promise<void> {
  const { socket } = peer;
  for (let i = 0; i < times && !peer.closed && !socket.destroyed; i++) {
    if (socket.write(typeof chunk === 'function' ? chunk() : chunk)) continue;
    await new Promise<void>((resolve) => {
      const go = () => {
        socket.off('drain', go).off('close', go);
        resolve();
      };
      socket.on('drain', go).on('close', go);
    });
  }
}

/** Many of the same frame in one buffer. */
export function repeated(bytes: Buffer, times: number): Buffer {
  return Buffer.concat(Array.from({ length: times }, () => bytes));
}

/** The GOAWAYs that a peer got: last stream id and error code of each. */
export function goaways(peer: RawPeer): { readonly lastId: number; readonly code: number }[] {
  return peer.frames.filter(({ type }) => type === Type.GOAWAY).map(goawayOf);
}

function goawayOf({ payload }: Frame): { readonly lastId: number; readonly code: number } {
  return { lastId: payload.readUInt32BE(0) & 0x7fffffff, code: payload.readUInt32BE(4) };
}

/** The answers' header blocks that a peer got, decoded in order: stream → value of the field `name` in its last. */
export function answers(peer: RawPeer, name: string): ReadonlyMap<number, string> {
  const decoder = new HpackDecoder({
    tableSize: 4096,
    maxListBytes: MIB,
    maxListFields: 1000,
    shared: new SharedHeaderLists(1024),
  });
  const seen = new Map<number, string>();
  for (const { type, stream, payload } of peer.frames) {
    if (type !== Type.HEADERS) continue;
    const value = decoder.decode(payload, 0, payload.length).get(name);
    if (value !== undefined) seen.set(stream, value);
  }
  return seen;
}

/** The RST_STREAMs that a peer got: stream → error code. */
export function resets(peer: RawPeer): ReadonlyMap<number, number> {
  const seen = new Map<number, number>();
  for (const { type, stream, payload } of peer.frames) {
    if (type === Type.RST_STREAM) seen.set(stream, payload.readUInt32BE(0));
  }
  return seen;
}

/** Waits until the daemon has said GOAWAY with this code and closed the connection. */
export async function untilSentAway(peer: RawPeer, code: number): Promise<void> {
  await eventually('the connection is closed', () => peer.closed);
  const last = goaways(peer).at(-1);
  // A reset that overtakes what was sent before it is not ours to order: the GOAWAY may be lost, a wrong one may not come.
  if (last !== undefined) assert.equal(last.code, code, 'error code of GOAWAY');
}

/** DATA that ends nothing. */
export function data(stream: number, payload: Buffer, flags = 0): Buffer {
  return frame(Type.DATA, flags, stream, payload);
}

/** Hands out HEADERS of calls on ever new streams; the header block is made once. */
export class Requests {
  private readonly block: Buffer;
  nextId = 1;

  constructor(path: string) {
    this.block = requestBlock(path);
  }

  /** HEADERS on a new stream. */
  open(flags = 0): { readonly id: number; readonly bytes: Buffer } {
    const id = this.nextId;
    this.nextId += 2;
    return { id, bytes: frame(Type.HEADERS, Flag.END_HEADERS | flags, id, this.block) };
  }
}
