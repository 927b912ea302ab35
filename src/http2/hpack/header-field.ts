/**
 * How a field wants to be written in HPACK (RFC 7541 §6.2). The value is a hint that only ever rises:
 * a field first seen as a literal is `once`; when a peer refers to it by index it has proved to repeat.
 */
export const Indexing = {
  /** Seen once: write it as a literal without indexing, so that changing values never churn a dynamic table. */
  once: 0,
  /** Repeats: worth a place in the dynamic table (literal with incremental indexing). */
  repeated: 1,
  /** The sender marked it never-indexed; an intermediary must keep that (RFC 7541 §6.2.3, §7.1.3). */
  never: 2,
} as const;
export type Indexing = (typeof Indexing)[keyof typeof Indexing];

/**
 * One header field. Its *identity* is meaningful: decoders hand out the same object each time a peer refers to the same
 * table entry, so that everything downstream (port, encoder) can remember what it knows of it without hashing strings.
 * Name and value are `latin1` strings: one character per octet, so any octet survives a round trip.
 */
export class HeaderField {
  readonly name: string;
  readonly value: string;
  indexing: Indexing;
  /** Length of the name, name, value; made when first needed: encoders look fields up by content with it. */
  private contentKey: string | undefined = undefined;
  /** What the header rules found of it (`stream/header-rules.ts`), as bits; 0 = not looked at. */
  traits = 0;

  constructor(name: string, value: string, indexing: Indexing) {
    this.name = name;
    this.value = value;
    this.indexing = indexing;
  }

  /** Size in bytes as RFC 7541 §4.1 counts it: name + value + 32. */
  get size(): number {
    return this.name.length + this.value.length + 32;
  }

  /** A string that is equal for two fields exactly when name and value are. */
  get key(): string {
    // The length keeps names and values apart whatever octets they hold.
    this.contentKey ??= `${this.name.length} ${this.name}${this.value}`;
    return this.contentKey;
  }
}
