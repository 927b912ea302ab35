import type { MessagePort } from 'node:worker_threads';
import { Status } from '../../grpc/status-code.js';
import type { Turn } from '../../http2/codec/turn.js';
import type { HeaderList } from '../../http2/hpack/header-list.js';
import { CallNumbers } from '../../port/call-numbers.js';
import type { RetireMessage, WorkerEvent } from '../../port/control-messages.js';
import type { LegReport } from '../../port/leg-outcome.js';
import { MainPortReader, type MainRecordHandler } from '../../port/port-reader.js';
import { PortWriter } from '../../port/port-writer.js';

/** Hears how the legs of a call came out. */
export interface LegListener {
  /** After the first time it says nothing new. Empty: nobody knows, the worker is gone. */
  legsReported(legs: readonly LegReport[]): void;
}

/**
 * A call as its port sees it. What ends it (`answerTrailers`, `answerFailed`) comes once, and nothing after it. The names
 * differ from those of a stream's handler because a call is both.
 */
export interface PortCall {
  /** Its number on the port, given by {@link WorkerPort.open}. */
  slot: number;
  generation: number;
  /** Set where the call is opened with flag REPORT. */
  readonly report: LegListener | null;
  answerHeaders(list: HeaderList): void;
  answerData(buf: Buffer, start: number, end: number): void;
  /**
   * `trailersOnly`: the list holds the response's head as well. `backendMs`: how long the backend had the call, as its worker
   * measured it.
   */
  answerTrailers(list: HeaderList, trailersOnly: boolean, backendMs: number): void;
  /** `backendMs` -1: nobody knows, the worker is gone. */
  answerFailed(status: Status, message: string, backendMs: number): void;
  /** The backend has taken so many of the bytes sent to it. */
  requestTaken(bytes: number): void;
}

/**
 * The main thread's end of the port to one worker: numbers the calls, packs what they send, and hands what comes back to
 * the right one. It lives as long as the worker's thread; a new thread gets a new port.
 */
export class WorkerPort implements MainRecordHandler {
  private readonly port: MessagePort;
  private readonly writer: PortWriter;
  private readonly reader = new MainPortReader(this);
  private readonly calls = new CallNumbers<PortCall>();
  private closed = false;

  /**
   * @param onEvent gets what the worker says beside records
   * @param onDeath is called once, after every call on the port has failed
   */
  constructor(port: MessagePort, turn: Turn, onEvent: (event: WorkerEvent) => void, onDeath: () => void) {
    this.port = port;
    this.writer = new PortWriter(port, turn);
    port.on('message', (message: ArrayBuffer | WorkerEvent) => {
      if (message instanceof ArrayBuffer) this.reader.read(message);
      else onEvent(message);
    });
    // The port closes with the thread at its other end, whatever the thread died of.
    port.on('close', () => {
      if (this.closed) return;
      this.close();
      onDeath();
    });
  }

  /** What has crossed the port: posted to the worker, and read of what it posted. */
  get traffic(): { readonly batches: number; readonly bytes: number; readonly batchesRead: number } {
    const { batches, bytes } = this.writer;
    return { batches, bytes, batchesRead: this.reader.batches };
  }

  /** Calls under way. */
  get callCount(): number {
    return this.calls.count;
  }

  /** Begins a call; `flags` are RecordFlags, `connection` -1 means all. */
  open(
    call: PortCall,
    flags: number,
    backend: number,
    connection: number,
    associationId: string,
    headers: HeaderList,
  ): void {
    call.slot = this.calls.allotSlot();
    call.generation = this.calls.allotGeneration();
    this.calls.put(call);
    this.writer.open(call.slot, call.generation, flags, backend, connection, associationId, headers);
  }

  data(call: PortCall, buf: Uint8Array, start: number, end: number, last: boolean): void {
    this.writer.data(call.slot, call.generation, buf, start, end, last);
  }

  credit(call: PortCall, bytes: number): void {
    this.writer.credit(call.slot, call.generation, bytes);
  }

  /** No call is begun on this backend after those begun so far. */
  retire(backend: number): void {
    const message: RetireMessage = { kind: 'retire', backend };
    this.writer.control(message);
  }

  /** Gives the call up: it hears nothing more, but for its report. */
  cancel(call: PortCall): void {
    const { slot, generation, report } = call;
    const known = report === null ? this.calls.remove(call) : this.calls.replace(call, new GivenUp(call, report));
    if (known) this.writer.cancel(slot, generation);
  }

  // ── records from the worker; those of calls that are over meanwhile are dropped ────────────────────────────────────

  onHeaders(slot: number, generation: number, _connection: number, list: HeaderList): void {
    this.calls.get(slot, generation)?.answerHeaders(list);
  }

  onData(slot: number, generation: number, buf: Buffer, start: number, end: number): void {
    this.calls.get(slot, generation)?.answerData(buf, start, end);
  }

  onTrailers(
    slot: number,
    generation: number,
    _connection: number,
    backendMs: number,
    list: HeaderList,
    trailersOnly: boolean,
  ): void {
    const call = this.calls.get(slot, generation);
    if (call === undefined) return;
    this.calls.remove(call);
    call.answerTrailers(list, trailersOnly, backendMs);
  }

  onFail(slot: number, generation: number, status: number, backendMs: number, message: string): void {
    const call = this.calls.get(slot, generation);
    if (call === undefined) return;
    this.calls.remove(call);
    call.answerFailed(status as Status, message, backendMs);
  }

  onCredit(slot: number, generation: number, bytes: number): void {
    this.calls.get(slot, generation)?.requestTaken(bytes);
  }

  onLegs(slot: number, generation: number, legs: readonly LegReport[], last: boolean): void {
    const call = this.calls.get(slot, generation);
    if (call === undefined) return;
    if (last) this.calls.remove(call);
    call.report?.legsReported(legs);
  }

  /** Ends the port and fails every call on it: its worker is gone. */
  close(): void {
    this.closed = true;
    this.writer.close();
    this.port.close();
    for (const call of [...this.calls]) {
      this.calls.remove(call);
      call.report?.legsReported([]);
      call.answerFailed(Status.UNAVAILABLE, 'the worker thread of its backend ended', -1);
    }
  }
}

/**
 * What is left of a call that was given up until its worker has reported. The worker does so in answer to the CANCEL, or has
 * done it already, before the end of the call that is on its way.
 */
class GivenUp implements PortCall {
  readonly slot: number;
  readonly generation: number;
  readonly report: LegListener;

  constructor({ slot, generation }: PortCall, report: LegListener) {
    this.slot = slot;
    this.generation = generation;
    this.report = report;
  }

  answerHeaders(): void {}
  answerData(): void {}
  answerTrailers(): void {}
  answerFailed(): void {}
  requestTaken(): void {}
}
