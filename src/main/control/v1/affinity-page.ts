import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AffinityEntry, AffinityTable } from '../../routing/affinity/affinity-table.js';

/** Rows passed over before other work gets its turn: well under a millisecond. */
const STEP = 5000;

/**
 * A page of a large table. The table is gone through by its rows, so that any page can be asked for at any time; in steps, for
 * there may be many rows without an entry.
 * @param after row of the last entry on the page before, 0 for the first page
 * @returns at most `size` entries by rising row, and whether more may follow
 */
export async function affinityPage(
  table: AffinityTable,
  after: number,
  size: number,
): Promise<{ readonly entries: readonly AffinityEntry[]; readonly more: boolean }> {
  const entries: AffinityEntry[] = [];
  for (let row = after + 1; row <= table.lastRow; row++) {
    const entry = table.at(row);
    if (entry !== undefined && entries.push(entry) === size) return { entries, more: row < table.lastRow };
    if (row % STEP === 0) await nextTurn();
  }
  return { entries, more: false };
}
