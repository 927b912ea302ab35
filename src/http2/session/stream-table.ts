import type { Stream } from '../stream/stream.js';

/** Buckets of an empty table: a connection that is idle, and most are, should cost little. */
const FEWEST_BUCKETS = 4;
/** An empty table with more buckets than this starts again from few. */
const KEPT_BUCKETS = 1024;

/**
 * The open streams of a session by id.
 *
 * Not a Map: V8 grows and cleans a Map by making its table anew, and the old table points to the new one (for iterators that
 * stand in it) and keeps the entries it had. On a connection that lives long the table of the moment is moved to the old
 * generation; from then on each dead table keeps the next one alive, with its streams and all that hangs on them, until a full
 * collection. Under load that was every object of every call: minor collections freed nothing, and took a fifth of the worker.
 * Here streams are linked in their bucket, and one that leaves points to nothing and is pointed to by nothing.
 */
export class StreamTable {
  /** Heads of the chains; a power of two of them. */
  private buckets: (Stream | null)[] = emptyBuckets(FEWEST_BUCKETS);
  size = 0;

  get(id: number): Stream | undefined {
    let stream = this.headOf(id);
    while (stream !== null && stream.id !== id) stream = stream.nextInBucket;
    return stream ?? undefined;
  }

  /** Takes in a stream whose id is not in the table. */
  add(stream: Stream): void {
    if (this.size === this.buckets.length) this.grow();
    this.size++;
    this.link(stream);
  }

  /** False when it was not in the table. */
  delete(stream: Stream): boolean {
    let before = this.headOf(stream.id);
    if (before === stream) {
      this.buckets[this.bucketOf(stream.id)] = stream.nextInBucket;
    } else {
      while (before !== null && before.nextInBucket !== stream) before = before.nextInBucket;
      if (before === null) return false;
      before.nextInBucket = stream.nextInBucket;
    }
    stream.nextInBucket = null;
    this.size--;
    if (this.size === 0 && this.buckets.length > KEPT_BUCKETS) this.buckets = emptyBuckets(FEWEST_BUCKETS);
    return true;
  }

  /** A list of what is in the table now, oldest stream first: it may change while the list is gone through. */
  all(): Stream[] {
    const streams: Stream[] = [];
    for (const head of this.buckets) {
      for (let stream = head; stream !== null; stream = stream.nextInBucket) streams.push(stream);
    }
    return streams.sort((a, b) => a.id - b.id);
  }

  clear(): void {
    for (const stream of this.all()) stream.nextInBucket = null;
    this.buckets = emptyBuckets(FEWEST_BUCKETS);
    this.size = 0;
  }

  /**
   * Ids are odd and given out one after another, so that their low bits spread streams evenly. A client that leaves ids out can
   * have all of its own in one bucket: then each of its frames costs a walk over at most `maxConcurrentStreams` of them.
   */
  private bucketOf(id: number): number {
    return (id >>> 1) & (this.buckets.length - 1);
  }

  private headOf(id: number): Stream | null {
    return this.buckets[this.bucketOf(id)] as Stream | null;
  }

  private link(stream: Stream): void {
    stream.nextInBucket = this.headOf(stream.id);
    this.buckets[this.bucketOf(stream.id)] = stream;
  }

  private grow(): void {
    const streams = this.all();
    this.buckets = emptyBuckets(this.buckets.length * 2);
    for (const stream of streams) this.link(stream);
  }
}

function emptyBuckets(count: number): (Stream | null)[] {
  return new Array<Stream | null>(count).fill(null);
}
