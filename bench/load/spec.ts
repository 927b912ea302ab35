/** What a generator process is asked to do (as JSON in its argument) and what it answers (as a line of JSON). */

/** Where to, and over how many connections. */
export interface Towards {
  /** On 127.0.0.1. */
  readonly port: number;
  readonly tls: boolean;
  readonly connections: number;
}

/** What unary calls look like. */
export interface CallShape {
  /** Bytes of the message, without its prefix. */
  readonly bytes: number;
  /** So many different values of the message's field, in an order that visits each before one comes again; 0 is one value. */
  readonly keys: number;
  readonly metadata: Metadata;
}

/**
 * `plain`: what every gRPC client sends. `heavy`: 20 more fields, of which 2 are tracing ids that change with each call and are
 * sent as literals. `heavy, indexed`: the same, but the ids are put into the dynamic table, as grpc-go does with every field.
 */
export type Metadata = 'plain' | 'heavy' | 'heavy, indexed';

/** Each stream makes one call after another. */
export interface ClosedLoop extends Towards {
  readonly kind: 'closed';
  readonly shape: CallShape;
  /** Calls in flight on a connection. */
  readonly streams: number;
  /** Not counted in the figures. */
  readonly warmUpSeconds: number;
  readonly seconds: number;
  /** Ends earlier, after so many calls. */
  readonly calls?: number;
  /** Each connection is closed and dialled again after so many calls. */
  readonly callsPerConnection?: number;
}

/** Calls begin at a fixed rate, whatever becomes of those before. */
export interface OpenLoop extends Towards {
  readonly kind: 'open';
  readonly shape: CallShape;
  readonly callsPerSecond: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** Streams of 10 KiB messages: `Produce` only receives, `Converse` has some on their way there and back all the time. */
export interface Streaming extends Towards {
  readonly kind: 'streaming';
  readonly method: 'Produce' | 'Converse';
  readonly streams: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** Connections that have made one call and do nothing more, until the generator's input ends. */
export interface Idle extends Towards {
  readonly kind: 'idle';
}

/** Streams of `Produce` whose client takes one window and no more, until the generator's input ends. */
export interface Stalled extends Towards {
  readonly kind: 'stalled';
  readonly streams: number;
}

export type LoadSpec = ClosedLoop | OpenLoop | Streaming | Idle | Stalled;

/** What came out. Counts and bytes are those after the warm-up, except `allCalls`. */
export interface LoadResult {
  readonly calls: number;
  /** With the warm-up: what a proxy's CPU time is divided by. */
  readonly allCalls: number;
  readonly seconds: number;
  /** Message bytes received. */
  readonly bytes: number;
  /** With the warm-up. */
  readonly allBytes: number;
  /** Microseconds; all 0 where nothing was timed. */
  readonly latency: Latency;
}

export interface Latency {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}
