import type { Reservation, RoutableBackend } from './route.js';

/** Longest key in bytes. A key is an id; longer ones would only let a client fill the table's memory. */
export const MAX_KEY_BYTES = 1024;

/** What a table counts. */
export interface AffinityCounters {
  /** Keys forgotten to make room. */
  evictions: number;
  /** Keys forgotten because nobody used them for the idle time. */
  expirations: number;
  /** New keys refused because every key in the full table had a call in flight. */
  refusals: number;
  /** Attempts to move a key to another backend. */
  conflicts: number;
}

/**
 * One remembered key. As a reservation it is held by each call in flight that uses it; an entry that is held is in no list and
 * cannot be forgotten.
 */
export class AffinityEntry implements Reservation {
  readonly key: string;
  /** Where the key leads; changes only when a new configuration puts another backend in its place. */
  backend: RoutableBackend;
  /** Numbers the entries of its table in the order in which they were made, from 1. */
  readonly serial: number;
  private readonly table: AffinityTable;
  /** Calls in flight that use it. */
  holders = 0;
  /** False once the table has forgotten it, under its calls it may be: then it is in no list. */
  remembered = true;
  /** When it was last used, in the table's clock; only kept when there is an idle time. */
  usedAtMs = 0;
  /** Neighbours among the entries that nobody holds: `older` was used longer ago. */
  older: AffinityEntry | null = null;
  newer: AffinityEntry | null = null;

  constructor(table: AffinityTable, key: string, backend: RoutableBackend, serial: number) {
    this.table = table;
    this.key = key;
    this.backend = backend;
    this.serial = serial;
  }

  release(): void {
    this.table.release(this);
  }
}

/**
 * The keys of one route and the backends they belong to. Bounded: a full table forgets the key that has not been used for
 * longest and has no call in flight. A key never moves silently. Every operation takes constant time.
 */
export class AffinityTable {
  private readonly maxEntries: number;
  private readonly idleMs: number;
  private readonly now: () => number;
  /** A Map has no keys of its own, so no key name can trick it. */
  private readonly entries = new Map<string, AffinityEntry>();
  private lastSerial = 0;
  /** Ends of the list of entries that nobody holds. */
  private oldest: AffinityEntry | null = null;
  private newest: AffinityEntry | null = null;
  readonly counters: AffinityCounters = { evictions: 0, expirations: 0, refusals: 0, conflicts: 0 };

  /**
   * @param maxEntries at least 1
   * @param idleMs an unused key is forgotten after this many ms; 0 = never
   * @param now a clock in ms that never goes back
   */
  constructor(maxEntries: number, idleMs: number, now: () => number) {
    this.maxEntries = maxEntries;
    this.idleMs = idleMs;
    this.now = now;
  }

  get size(): number {
    return this.entries.size;
  }

  /** The entry of a key, for who only looks. */
  get(key: string): AffinityEntry | undefined {
    if (this.idleMs > 0) this.expire();
    return this.entries.get(key);
  }

  /**
   * Every entry by rising serial. The iterator goes on where it stands, whatever is added or forgotten meanwhile, so that a
   * large table can be walked in small steps.
   */
  [Symbol.iterator](): Iterator<AffinityEntry> {
    return this.entries.values();
  }

  /** Forgets an entry that nobody holds. */
  delete(entry: AffinityEntry): void {
    this.forget(entry);
  }

  /** The entry of a key, held for the caller until it is released; undefined when the key is not known. */
  hold(key: string): AffinityEntry | undefined {
    if (this.idleMs > 0) this.expire();
    const entry = this.find(key);
    if (entry === undefined) return undefined;
    if (entry.holders === 0) this.unlink(entry);
    entry.holders++;
    return entry;
  }

  /** Remembers a key that is not known, held for the caller; undefined when the table is full of keys in use. */
  add(key: string, backend: RoutableBackend): AffinityEntry | undefined {
    const entry = this.insert(key, backend);
    if (entry !== undefined) entry.holders = 1;
    return entry;
  }

  /**
   * Binds a key, without holding it.
   * @returns undefined when it is bound, the backend it belongs to when that is another one, or `'full'`
   */
  set(key: string, backend: RoutableBackend): undefined | RoutableBackend | 'full' {
    if (this.idleMs > 0) this.expire();
    const known = this.find(key);
    if (known !== undefined && known.backend !== backend) {
      this.counters.conflicts++;
      return known.backend;
    }
    if (known === undefined) {
      const entry = this.insert(key, backend);
      if (entry === undefined) return 'full';
      this.append(entry);
    } else if (known.holders === 0) {
      this.unlink(known);
      this.append(known);
    }
    return undefined;
  }

  /** @internal called by AffinityEntry */
  release(entry: AffinityEntry): void {
    entry.holders--;
    if (entry.holders === 0 && entry.remembered) this.append(entry);
  }

  /** The entry of a key, if its backend is still configured; looked at here, so that a new configuration costs no walk. */
  private find(key: string): AffinityEntry | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    const backend = entry.backend.current();
    if (backend === entry.backend) return entry;
    if (backend !== undefined) {
      entry.backend = backend;
      return entry;
    }
    if (entry.holders === 0) this.unlink(entry);
    this.remove(entry);
    return undefined;
  }

  private insert(key: string, backend: RoutableBackend): AffinityEntry | undefined {
    if (this.entries.size >= this.maxEntries) {
      if (this.oldest === null) {
        this.counters.refusals++;
        return undefined;
      }
      this.counters.evictions++;
      this.forget(this.oldest);
    }
    const entry = new AffinityEntry(this, key, backend, ++this.lastSerial);
    this.entries.set(key, entry);
    return entry;
  }

  private expire(): void {
    const limit = this.now() - this.idleMs;
    while (this.oldest !== null && this.oldest.usedAtMs <= limit) {
      this.counters.expirations++;
      this.forget(this.oldest);
    }
  }

  private forget(entry: AffinityEntry): void {
    this.unlink(entry);
    this.remove(entry);
  }

  private remove(entry: AffinityEntry): void {
    entry.remembered = false;
    this.entries.delete(entry.key);
  }

  private append(entry: AffinityEntry): void {
    if (this.idleMs > 0) entry.usedAtMs = this.now();
    entry.older = this.newest;
    entry.newer = null;
    if (this.newest === null) this.oldest = entry;
    else this.newest.newer = entry;
    this.newest = entry;
  }

  private unlink(entry: AffinityEntry): void {
    if (entry.older === null) this.oldest = entry.newer;
    else entry.older.newer = entry.newer;
    if (entry.newer === null) this.newest = entry.older;
    else entry.newer.older = entry.older;
    entry.older = null;
    entry.newer = null;
  }
}
