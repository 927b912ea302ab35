import { type HeaderField, Indexing } from './header-field.js';
import { HeaderList } from './header-list.js';
import { staticTable } from './static-table.js';

/** Most fields that are remembered, and most characters in them together. */
const MAX_FIELDS = 4096;
const MAX_FIELD_BYTES = 4 * 1024 * 1024;
/** Blocks whose hashes are remembered; a power of two. */
const SEEN_SLOTS = 4096;

/**
 * The header fields and lists that have proved to repeat on this thread, one object for each content: what the port interns
 * and encoders cache is then the same for a thousand clients that all send the same headers. Decoders of one thread share it.
 *
 * Bounded: when full, everything is forgotten. Objects handed out stay valid; equal ones that come later are then other objects.
 */
export class SharedHeaderLists {
  private readonly maxLists: number;
  /** Lists by the numbers of their fields, which are shared and so say it all. */
  private readonly lists = new Map<string, HeaderList>();
  private readonly fields = new Map<string, HeaderField>();
  private readonly numbers = new Map<HeaderField, number>();
  private nextNumber = 0;
  private fieldBytes = 0;
  private readonly seen = new Int32Array(SEEN_SLOTS);

  /** `maxLists` bounds the lists remembered; fields have bounds of their own. */
  constructor(maxLists: number) {
    this.maxLists = maxLists;
    this.forget();
  }

  private forget(): void {
    this.lists.clear();
    this.fields.clear();
    this.numbers.clear();
    this.fieldBytes = 0;
    for (const field of staticTable) this.add(field.key, field);
  }

  private add(key: string, field: HeaderField): void {
    this.fields.set(key, field);
    // Never used twice, so a list of forgotten fields cannot be mistaken for another.
    this.numbers.set(field, this.nextNumber++);
    this.fieldBytes += field.size;
  }

  /**
   * The one list of this thread with the fields of `list`, with `shared` set. To be called for lists that have proved to
   * repeat: their fields are raised to {@link Indexing.repeated}, except those never to be indexed.
   */
  canonical(list: HeaderList): HeaderList {
    if (list.shared) return list;
    if (this.lists.size >= this.maxLists) this.forget();
    const fields: HeaderField[] = [];
    let same = true;
    let key = '';
    // Forgetting in the middle would number the first fields anew: room for all is made before.
    if (this.fields.size + list.fields.length > MAX_FIELDS) this.forget();
    if (this.fieldBytes + list.size > MAX_FIELD_BYTES) this.forget();
    for (const field of list.fields) {
      const one = this.keep(field);
      if (one !== field) same = false;
      fields.push(one);
      key += `${this.numbers.get(one)} `;
    }
    const known = this.lists.get(key);
    if (known !== undefined) return known;
    const shared = same ? list : new HeaderList(fields);
    shared.shared = true;
    this.lists.set(key, shared);
    return shared;
  }

  /** The one field of this thread equal to `field`, which has proved to repeat; raised as {@link canonical} says. */
  canonicalField(field: HeaderField): HeaderField {
    if (this.fields.size >= MAX_FIELDS || this.fieldBytes + field.size > MAX_FIELD_BYTES) this.forget();
    return this.keep(field);
  }

  private keep(field: HeaderField): HeaderField {
    // Keys begin with a digit, so the mark cannot be confused with one. A field that is never to be indexed stays apart.
    const key = field.indexing === Indexing.never ? `!${field.key}` : field.key;
    const known = this.fields.get(key);
    if (known !== undefined) return known;
    if (field.indexing === Indexing.once) field.indexing = Indexing.repeated;
    this.add(key, field);
    return field;
  }

  /**
   * True when a header block with this hash was here before, as far as remembered; remembers it. A guess: what hangs on it
   * may cost time when it is wrong, nothing else.
   */
  seenBefore(hash: number): boolean {
    const slot = hash & (SEEN_SLOTS - 1);
    if (this.seen[slot] === hash) return true;
    this.seen[slot] = hash;
    return false;
  }
}
