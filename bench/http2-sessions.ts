/** The HTTP/2 sessions of the benchmark's own backend and load generator: what they share. */
import { ScratchPool } from '../src/http2/codec/scratch-pool.js';
import { Turn } from '../src/http2/codec/turn.js';
import { HeaderField, Indexing } from '../src/http2/hpack/header-field.js';
import { HeaderList } from '../src/http2/hpack/header-list.js';
import { SharedHeaderLists } from '../src/http2/hpack/shared-header-lists.js';
import type { SessionContext } from '../src/http2/session/options.js';

export function sessionContext(): SessionContext {
  return { turn: new Turn(), scratch: new ScratchPool(), sharedLists: new SharedHeaderLists(1024) };
}

/** A list that repeats: encoders keep its bytes. */
export function repeatedList(...fields: readonly (readonly [string, string])[]): HeaderList {
  const list = new HeaderList(fields.map(([name, value]) => new HeaderField(name, value, Indexing.repeated)));
  list.shared = true;
  return list;
}
