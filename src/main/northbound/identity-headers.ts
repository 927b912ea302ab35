import { without } from '../../grpc/metadata.js';
import { HeaderField, Indexing } from '../../http2/hpack/header-field.js';
import { HeaderList } from '../../http2/hpack/header-list.js';
import type { SharedHeaderLists } from '../../http2/hpack/shared-header-lists.js';

/** Lists that one connection remembers; a client has few that repeat. */
const MAX_REMEMBERED = 64;

/**
 * What the router alone may say about a client's identity, for one connection: takes the identity keys of the whole
 * configuration out of its headers, whatever the client wrote there, and puts in what its certificate says.
 *
 * The same list in gives the same list out, as long as it is one that repeats: the port and the encoders go by identity.
 */
export class IdentityHeaders {
  private readonly keys: readonly string[];
  private readonly field: HeaderField | undefined;
  private readonly shared: SharedHeaderLists;
  private lastIn: HeaderList | null = null;
  private lastOut: HeaderList | null = null;
  private readonly remembered = new Map<HeaderList, HeaderList>();

  /**
   * @param keys metadata keys, lower case, of every listener: backends may be reached through any of them
   * @param key of this listener
   * @param identity of the client, printable ASCII; undefined = not known
   * @param shared of this thread
   */
  constructor(
    keys: readonly string[],
    key: string | undefined,
    identity: string | undefined,
    shared: SharedHeaderLists,
  ) {
    this.keys = keys;
    this.shared = shared;
    this.field =
      key === undefined || identity === undefined ? undefined : new HeaderField(key, identity, Indexing.repeated);
  }

  /** The headers with which the call goes on. */
  apply(list: HeaderList): HeaderList {
    if (list === this.lastIn) return this.lastOut!;
    const out = this.remembered.get(list) ?? this.make(list);
    if (list.shared) {
      this.lastIn = list;
      this.lastOut = out;
    }
    return out;
  }

  private make(list: HeaderList): HeaderList {
    let out = list;
    for (const key of this.keys) out = without(out, key);
    if (this.field !== undefined) out = new HeaderList([...out.fields, this.field]);
    if (!list.shared) return out;
    out = this.shared.canonical(out);
    if (this.remembered.size === MAX_REMEMBERED) this.remembered.clear();
    this.remembered.set(list, out);
    return out;
  }
}
