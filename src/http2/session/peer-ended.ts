const REMEMBERED = 64;

/**
 * A ring of the ids of streams that the peer itself ended lately, by END_STREAM or RST_STREAM: more frames on them are its
 * fault. On any other closed stream they may have been on their way when we reset it, and there can be any number of those:
 * a client that gives up a thousand calls must not cost the connection (RFC 9113 §5.1).
 */
export class PeerEnded {
  private readonly ids = new Int32Array(REMEMBERED);
  private count = 0;

  has(id: number): boolean {
    return this.ids.includes(id);
  }

  add(id: number): void {
    this.ids[this.count++ % REMEMBERED] = id;
  }
}
