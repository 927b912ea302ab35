import type { RoutableBackend } from '../route.js';
import { BoundBackends } from './bound-backends.js';
import { KeyRows } from './key-rows.js';

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

/** A remembered key, for who only looks. */
export interface AffinityEntry {
  /** Its place in the table, from 1. */
  readonly row: number;
  /** One character an octet. */
  readonly key: string;
  readonly backend: RoutableBackend;
  /** Calls in flight that use it. */
  readonly calls: number;
}

/**
 * The keys of one route and the backends they belong to. Bounded: a full table forgets the key that has not been used for
 * longest and has no call in flight. A key never moves silently. No operation takes longer with more keys.
 *
 * A key is a range of octets, at most MAX_KEY_BYTES of them, and known by its row while somebody holds it. A row that is held is in no list and cannot be
 * forgotten; those that nobody holds stand in a list by when they were last used.
 */
export class AffinityTable {
  private readonly maxEntries: number;
  private readonly idleMs: number;
  private readonly now: () => number;
  private readonly rows = new KeyRows();
  private readonly backends = new BoundBackends();
  /** When each row was last used, in the table's clock; only kept when there is an idle time. */
  private readonly usedAtMs: number[] = [];
  /** Rows that are held and whose key is forgotten, because its backend is not configured any more. */
  private readonly orphans = new Set<number>();
  /** Ends of the list of rows that nobody holds; 0 = it is empty. */
  private oldest = 0;
  private newest = 0;
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
    return this.rows.size;
  }

  // ── for calls ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** See {@link KeyRows.foresee}. */
  foresee(buf: Buffer, start: number, end: number): number {
    return this.rows.foresee(buf, start, end);
  }

  /**
   * The row of a key, held for the caller until it is released; 0 when the key is not known.
   * @param foreseen what `foresee` returned for it, or 0
   */
  hold(buf: Buffer, start: number, end: number, foreseen: number): number {
    if (this.idleMs > 0) this.expire();
    const row = this.find(buf, start, end, foreseen);
    if (row === 0) return 0;
    const holders = this.rows.holders(row);
    if (holders === 0) this.unlink(row);
    this.rows.setHolders(row, holders + 1);
    return row;
  }

  /** Remembers a key that is not known, held for the caller; 0 when the table is full of keys in use. */
  add(buf: Buffer, start: number, end: number, backend: RoutableBackend): number {
    const row = this.insert(buf, start, end, backend);
    if (row !== 0) this.rows.setHolders(row, 1);
    return row;
  }

  /** Where the key of a held row leads. */
  backendOf(row: number): RoutableBackend {
    return this.backends.last(this.rows.backend(row));
  }

  release(row: number): void {
    const holders = this.rows.holders(row) - 1;
    this.rows.setHolders(row, holders);
    if (holders > 0) return;
    if (this.orphans.size > 0 && this.orphans.delete(row)) this.free(row);
    else this.append(row);
  }

  /** The key of a held row, one character an octet. */
  keyOf(row: number): string {
    return this.rows.key(row);
  }

  /**
   * Binds a key, without holding it.
   * @returns undefined when it is bound, the backend it belongs to when that is another one, or `'full'`
   */
  set(buf: Buffer, start: number, end: number, backend: RoutableBackend): undefined | RoutableBackend | 'full' {
    if (this.idleMs > 0) this.expire();
    const known = this.find(buf, start, end, 0);
    if (known === 0) {
      const row = this.insert(buf, start, end, backend);
      if (row === 0) return 'full';
      this.append(row);
      return undefined;
    }
    const owner = this.backendOf(known);
    if (owner !== backend) {
      this.counters.conflicts++;
      return owner;
    }
    if (this.rows.holders(known) === 0) {
      this.unlink(known);
      this.append(known);
    }
    return undefined;
  }

  // ── for who looks from outside ─────────────────────────────────────────────────────────────────────────────────────

  get(key: Buffer): AffinityEntry | undefined {
    if (this.idleMs > 0) this.expire();
    const row = this.rows.find(key, 0, key.length, 0);
    return row === 0 ? undefined : this.entry(row);
  }

  /** The entry at `row`; undefined where there is none. */
  at(row: number): AffinityEntry | undefined {
    return this.rows.isUsed(row) && !this.orphans.has(row) ? this.entry(row) : undefined;
  }

  /** The highest row that may have an entry. */
  get lastRow(): number {
    return this.rows.lastRow;
  }

  private entry(row: number): AffinityEntry {
    return { row, key: this.rows.key(row), backend: this.backendOf(row), calls: this.rows.holders(row) };
  }

  /** Forgets a key that nobody holds; to be called in the turn in which its entry was had. */
  delete({ row }: AffinityEntry): void {
    this.forget(row);
  }

  // ── rows ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The row of a key, if its backend is still configured; looked at here, so that a new configuration costs no walk. */
  private find(buf: Buffer, start: number, end: number, foreseen: number): number {
    const row = this.rows.find(buf, start, end, foreseen);
    if (row === 0 || this.backends.current(this.rows.backend(row)) !== undefined) return row;
    if (this.rows.holders(row) === 0) {
      this.forget(row);
    } else {
      this.rows.hide(row);
      this.orphans.add(row);
    }
    return 0;
  }

  private insert(buf: Buffer, start: number, end: number, backend: RoutableBackend): number {
    if (this.rows.size >= this.maxEntries) {
      if (this.oldest === 0) {
        this.counters.refusals++;
        return 0;
      }
      this.counters.evictions++;
      this.forget(this.oldest);
    }
    return this.rows.add(buf, start, end, this.backends.take(backend));
  }

  private expire(): void {
    const limit = this.now() - this.idleMs;
    while (this.oldest !== 0 && this.usedAtMs[this.oldest]! <= limit) {
      this.counters.expirations++;
      this.forget(this.oldest);
    }
  }

  private forget(row: number): void {
    this.unlink(row);
    this.rows.hide(row);
    this.free(row);
  }

  private free(row: number): void {
    this.backends.give(this.rows.backend(row));
    this.rows.free(row);
  }

  private append(row: number): void {
    if (this.idleMs > 0) this.usedAtMs[row] = this.now();
    this.rows.setOlder(row, this.newest);
    this.rows.setNewer(row, 0);
    if (this.newest === 0) this.oldest = row;
    else this.rows.setNewer(this.newest, row);
    this.newest = row;
  }

  private unlink(row: number): void {
    const older = this.rows.older(row);
    const newer = this.rows.newer(row);
    if (older === 0) this.oldest = newer;
    else this.rows.setNewer(older, newer);
    if (newer === 0) this.newest = older;
    else this.rows.setOlder(newer, older);
  }
}
