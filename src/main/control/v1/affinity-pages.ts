import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AffinityEntry, AffinityTable } from '../../routing/affinity-table.js';

/** Entries passed over before other work gets its turn: well under a millisecond. */
const STEP = 5000;
/** Iterators kept where a page ended, for the next page. */
const MAX_KEPT = 8;
/** How long, in ms: an iterator keeps what its table has outgrown from being freed. */
const KEEP_MS = 60_000;

/** An iterator that stands after the entry with this serial. */
interface Place {
  readonly table: AffinityTable;
  readonly serial: number;
  readonly iterator: Iterator<AffinityEntry>;
}

/**
 * Lists large tables page by page. A page is named by the serial of the last entry before it, so any page can be asked for at
 * any time; usually it is the one after the last, and then the iterator is still there. Otherwise the table is walked from
 * its beginning, in steps.
 */
export class AffinityPages {
  private places: Place[] = [];
  private forgetting: NodeJS.Timeout | null = null;

  /**
   * @param after serial of the last entry on the page before, 0 for the first page
   * @returns at most `size` entries by rising serial, and whether more follow
   */
  async page(
    table: AffinityTable,
    after: number,
    size: number,
  ): Promise<{ readonly entries: readonly AffinityEntry[]; readonly more: boolean }> {
    const iterator = this.take(table, after);
    const entries: AffinityEntry[] = [];
    for (let steps = 1; entries.length < size; steps++) {
      const next = iterator.next();
      if (next.done === true) return { entries, more: false };
      if (next.value.serial > after) entries.push(next.value);
      if (steps % STEP === 0) await nextTurn();
    }
    this.keep({ table, serial: entries.at(-1)!.serial, iterator });
    return { entries, more: true };
  }

  private take(table: AffinityTable, serial: number): Iterator<AffinityEntry> {
    const at = this.places.findIndex((place) => place.table === table && place.serial === serial);
    return at < 0 ? table[Symbol.iterator]() : this.places.splice(at, 1)[0]!.iterator;
  }

  private keep(place: Place): void {
    this.places = [...this.places.slice(1 - MAX_KEPT), place];
    if (this.forgetting !== null) clearTimeout(this.forgetting);
    this.forgetting = setTimeout(() => {
      this.places = [];
    }, KEEP_MS);
    this.forgetting.unref();
  }
}
