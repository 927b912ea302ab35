import { ScratchPool } from '../../src/http2/codec/scratch-pool.js';
import { Turn } from '../../src/http2/codec/turn.js';
import { SharedHeaderLists } from '../../src/http2/hpack/shared-header-lists.js';
import { newFlowCounters } from '../../src/http2/session/flow-counters.js';
import { newLimitCounters } from '../../src/http2/session/limit-counters.js';
import type { SessionContext, SessionOptions } from '../../src/http2/session/options.js';
import { loadSettings } from '../../src/main/config/settings.js';

/** The default settings, with a few limits so low that inputs of some kilobytes reach them. */
const settings = loadSettings({
  AFROUTER_CONFIG: 'none',
  AFROUTER_MAX_CONCURRENT_STREAMS: '20',
  AFROUTER_CONNECTION_WINDOW: '131072',
  AFROUTER_SOCKET_HIGH_WATER: '16384',
  AFROUTER_MAX_OUTPUT_BYTES: '262144',
});

export function sessionOptions(): SessionOptions {
  return { ...settings, keepaliveIdle: true, counters: newLimitCounters(), flow: newFlowCounters() };
}

/** What the sessions of a thread share. */
export function sessionContext(): SessionContext {
  return { turn: new Turn(), scratch: new ScratchPool(), sharedLists: new SharedHeaderLists(64) };
}
