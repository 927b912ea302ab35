import { FrameReader } from '../../src/http2/codec/frame-reader.js';
import { Http2Error } from '../../src/http2/frame/http2-error.js';
import { HpackDecoder, oversizedList } from '../../src/http2/hpack/decoder.js';
import { HpackEncoder } from '../../src/http2/hpack/encoder.js';
import { type HeaderField, Indexing } from '../../src/http2/hpack/header-field.js';
import type { HeaderList } from '../../src/http2/hpack/header-list.js';
import { HpackError } from '../../src/http2/hpack/hpack-error.js';
import { SharedHeaderLists } from '../../src/http2/hpack/shared-header-lists.js';
import { largeChunks } from '../chunks.js';
import { hold } from '../finding.js';
import type { Target } from '../target.js';
import { RecordedFrames } from './recorded-frames.js';

const READER_LIMITS = { maxHeaderBlockBytes: 65536, maxContinuations: 32 };
const MAX_LIST_BYTES = 65536;
const MAX_LIST_FIELDS = 200;

function text({ name, value, indexing }: HeaderField): string {
  return `${name.length} ${name}${value} ${indexing === Indexing.never}`;
}

function decoder(shared: SharedHeaderLists, tableSize: number): HpackDecoder {
  return new HpackDecoder({ tableSize, maxListBytes: MAX_LIST_BYTES, maxListFields: MAX_LIST_FIELDS, shared });
}

/** A connection that decodes header blocks and passes the lists on, as the router does; they must come out the same. */
class Hops extends RecordedFrames {
  private readonly decoder: HpackDecoder;
  private readonly encoder = new HpackEncoder({ tableSize: 4096 });
  private readonly next: HpackDecoder;
  readonly happened = new Set<string>();

  constructor(shared: SharedHeaderLists) {
    super();
    this.decoder = decoder(shared, 1024);
    this.next = decoder(shared, 4096);
  }

  override onSettings(ack: boolean): void {
    if (ack) this.decoder.settingsAcknowledged();
  }

  override onHeaderBlock(_id: number, _endStream: boolean, buf: Buffer, start: number, end: number): void {
    const list = this.decoder.decode(buf, start, end);
    if (list === oversizedList) {
      this.happened.add('oversized');
      return;
    }
    hold(list.size <= MAX_LIST_BYTES && list.fields.length <= MAX_LIST_FIELDS, 'a list over its limits was decoded');
    this.happened.add(list.shared ? 'shared' : 'list');
    this.pass(list);
  }

  private pass(list: HeaderList): void {
    const most = this.encoder.maxEncodedLength(list, undefined);
    const out = Buffer.alloc(most);
    const end = this.encoder.encode(list, undefined, out, 0);
    hold(end <= most, 'a block is longer than was announced');
    const received = this.next.decode(out, 0, end);
    hold(
      received.fields.length === list.fields.length &&
        received.fields.every((field, i) => text(field) === text(list.fields[i]!)),
      'what is encoded is not what is decoded',
    );
  }
}

/** The HPACK decoder, over the header blocks of whole connections. */
export const hpackTarget: Target = {
  name: 'hpack',
  corpus: 'from-clients',
  framed: true,
  start() {
    const shared = new SharedHeaderLists(64);
    return (input) => {
      const hops = new Hops(shared);
      const reader = new FrameReader(hops, READER_LIMITS, true);
      try {
        for (const chunk of largeChunks(input)) reader.push(chunk);
      } catch (error) {
        if (!(error instanceof HpackError || error instanceof Http2Error)) throw error;
        hops.happened.add(error.message.replaceAll(/\d+/g, '#'));
      }
      return [...hops.happened].join(' ');
    };
  },
};
