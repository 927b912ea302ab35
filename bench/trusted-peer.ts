import { newFlowCounters } from '../src/http2/session/flow-counters.js';
import { newLimitCounters } from '../src/http2/session/limit-counters.js';
import type { SessionOptions } from '../src/http2/session/options.js';

const NO_LIMIT = 1e9;

/**
 * For sessions whose other end is ours: large windows, no limits, nothing watched.
 * @param streamWindow bytes that the peer may send on one stream before they are consumed
 */
export function trustedPeer(streamWindow = 1 << 20): SessionOptions {
  return {
    streamWindow,
    connectionWindow: 16 << 20,
    maxConcurrentStreams: 100_000,
    maxHeaderListBytes: 65536,
    maxHeaderFields: 200,
    headerTableBytes: 4096,
    maxContinuations: 32,
    socketHighWater: 262144,
    maxOutputBytes: NO_LIMIT,
    handshakeTimeoutMs: 0,
    headerTimeoutMs: 0,
    stallTimeoutMs: 0,
    keepaliveMs: 0,
    keepaliveTimeoutMs: 20_000,
    keepaliveIdle: false,
    idleTimeoutMs: 0,
    maxConnectionAgeMs: 0,
    maxConnectionAgeGraceMs: 0,
    maxStreamAgeMs: 0,
    resetsPerSecond: NO_LIMIT,
    faultsPerSecond: NO_LIMIT,
    refusalsPerSecond: NO_LIMIT,
    settingsPerSecond: NO_LIMIT,
    pingsPerSecond: NO_LIMIT,
    emptyFramesPerSecond: NO_LIMIT,
    windowUpdatesPerSecond: NO_LIMIT,
    prioritiesPerSecond: NO_LIMIT,
    unknownFramesPerSecond: NO_LIMIT,
    interimResponsesPerSecond: NO_LIMIT,
    sentResetsPerSecond: 0,
    counters: newLimitCounters(),
    flow: newFlowCounters(),
  };
}
