import { HeaderField, Indexing } from './header-field.js';

/** RFC 7541 Appendix A in order; the first entry has index 1. */
const entries: readonly (readonly [name: string, value: string])[] = [
  [':authority', ''],
  [':method', 'GET'],
  [':method', 'POST'],
  [':path', '/'],
  [':path', '/index.html'],
  [':scheme', 'http'],
  [':scheme', 'https'],
  [':status', '200'],
  [':status', '204'],
  [':status', '206'],
  [':status', '304'],
  [':status', '400'],
  [':status', '404'],
  [':status', '500'],
  ['accept-charset', ''],
  ['accept-encoding', 'gzip, deflate'],
  ['accept-language', ''],
  ['accept-ranges', ''],
  ['accept', ''],
  ['access-control-allow-origin', ''],
  ['age', ''],
  ['allow', ''],
  ['authorization', ''],
  ['cache-control', ''],
  ['content-disposition', ''],
  ['content-encoding', ''],
  ['content-language', ''],
  ['content-length', ''],
  ['content-location', ''],
  ['content-range', ''],
  ['content-type', ''],
  ['cookie', ''],
  ['date', ''],
  ['etag', ''],
  ['expect', ''],
  ['expires', ''],
  ['from', ''],
  ['host', ''],
  ['if-match', ''],
  ['if-modified-since', ''],
  ['if-none-match', ''],
  ['if-range', ''],
  ['if-unmodified-since', ''],
  ['last-modified', ''],
  ['link', ''],
  ['location', ''],
  ['max-forwards', ''],
  ['proxy-authenticate', ''],
  ['proxy-authorization', ''],
  ['range', ''],
  ['referer', ''],
  ['refresh', ''],
  ['retry-after', ''],
  ['server', ''],
  ['set-cookie', ''],
  ['strict-transport-security', ''],
  ['transfer-encoding', ''],
  ['user-agent', ''],
  ['vary', ''],
  ['via', ''],
  ['www-authenticate', ''],
];

/** The static table (RFC 7541 §2.3.1). A field's index on the wire is its place here + 1. */
export const staticTable: readonly HeaderField[] = entries.map(
  ([name, value]) => new HeaderField(name, value, Indexing.repeated),
);

/** Number of static entries; the dynamic table's newest entry has the index after it (RFC 7541 §2.3.3). */
export const STATIC_COUNT = entries.length;

/** Name → index (from 1) of the first static entry with it. Entries with the same name follow each other. */
const firstByName = new Map<string, number>();
for (let i = STATIC_COUNT; i >= 1; i--) firstByName.set(staticTable[i - 1]!.name, i);

/** Index (from 1) of the first static entry called `name`, or 0. */
export function staticNameIndex(name: string): number {
  return firstByName.get(name) ?? 0;
}

/** Index of the static entry with the name of entry `nameIndex` (from {@link staticNameIndex}) and `value`, or 0. */
export function staticMatch(nameIndex: number, value: string): number {
  const { name } = staticTable[nameIndex - 1]!;
  for (let i = nameIndex; i <= STATIC_COUNT && staticTable[i - 1]!.name === name; i++) {
    if (staticTable[i - 1]!.value === value) return i;
  }
  return 0;
}
