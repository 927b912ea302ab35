/**
 * What HPACK costs: nanoseconds per header block, the median of interleaved rounds.
 *
 *     npm run build && node dist/bench/micro/hpack.js [rounds]
 */
import { HpackDecoder } from '../../src/http2/hpack/decoder.js';
import { HpackEncoder } from '../../src/http2/hpack/encoder.js';
import { HeaderField, Indexing } from '../../src/http2/hpack/header-field.js';
import { HeaderList } from '../../src/http2/hpack/header-list.js';
import { huffmanDecode, huffmanEncode } from '../../src/http2/hpack/huffman.js';
import { SharedHeaderLists } from '../../src/http2/hpack/shared-header-lists.js';

const BLOCKS_PER_ROUND = 100_000;
const rounds = Number(process.argv[2] ?? 15);

/** One thing measured: `run(i)` handles one header block and returns a number that depends on its result. */
interface Scenario {
  readonly name: string;
  readonly blockBytes: number;
  readonly run: (i: number) => number;
}

function field(name: string, value: string, indexing: Indexing = Indexing.repeated): HeaderField {
  return new HeaderField(name, value, indexing);
}

/** The request headers of a gRPC client. */
function request(...more: HeaderField[]): HeaderList {
  return new HeaderList([
    field(':method', 'POST'),
    field(':scheme', 'http'),
    field(':path', '/voltha.VolthaService/GetDevice'),
    field(':authority', 'localhost:55555'),
    field('content-type', 'application/grpc'),
    field('user-agent', 'grpc-go/1.65.0'),
    field('te', 'trailers'),
    ...more,
  ]);
}

function newDecoder(): HpackDecoder {
  return new HpackDecoder({
    tableSize: 4096,
    maxListBytes: 65536,
    maxListFields: 200,
    shared: new SharedHeaderLists(4096),
  });
}

/** The blocks of these lists as one connection would carry them, after `warmUp` blocks that fill the tables. */
function blocksOf(lists: readonly HeaderList[], decoder: HpackDecoder): Buffer[] {
  const encoder = new HpackEncoder({ tableSize: 4096 });
  const encode = (list: HeaderList) => {
    const out = Buffer.alloc(encoder.maxEncodedLength(list, undefined));
    return out.subarray(0, encoder.encode(list, undefined, out, 0));
  };
  for (const list of lists) {
    const block = encode(list);
    decoder.decode(block, 0, block.length);
  }
  return lists.map(encode);
}

function decodeScenario(name: string, lists: readonly HeaderList[]): Scenario {
  const decoder = newDecoder();
  const blocks = blocksOf(lists, decoder);
  return {
    name,
    blockBytes: blocks[0]!.length,
    run(i) {
      const block = blocks[i % blocks.length]!;
      return decoder.decode(block, 0, block.length).fields.length;
    },
  };
}

function encodeScenario(name: string, lists: readonly HeaderList[], extra?: HeaderField): Scenario {
  const encoder = new HpackEncoder({ tableSize: 4096 });
  const out = Buffer.alloc(65536);
  for (const list of lists) encoder.encode(list, extra, out, 0);
  return {
    name,
    blockBytes: encoder.encode(lists[0]!, extra, out, 0),
    run(i) {
      const list = lists[i % lists.length]!;
      return encoder.maxEncodedLength(list, extra) + encoder.encode(list, extra, out, 0);
    },
  };
}

/** Requests that differ in one literal, more of them than any cache here remembers. */
function tracedRequests(): HeaderList[] {
  const repeated = request().fields;
  return Array.from({ length: 20_000 }, (_, i) => {
    return new HeaderList([...repeated, field('x-trace-id', `${i}-4bf92f3577b34da6`, Indexing.once)]);
  });
}

/** As grpc-go does it: the deadline that remains, another each time, goes into the table. */
function deadlineScenario(): Scenario {
  const decoder = newDecoder();
  const [indexed] = blocksOf([request()], decoder);
  const prefix = [...indexed!];
  const start = Buffer.from([...prefix.slice(0, 2)]);
  const blocks = Array.from({ length: 1000 }, (_, i) => {
    const literal = Buffer.from([0x40, 12, ...Buffer.from('grpc-timeout'), 8, ...Buffer.from(`${9_000_000 + i}u`)]);
    return Buffer.concat([start, literal]);
  });
  return {
    name: 'decode: one new literal into the table each time',
    blockBytes: blocks[0]!.length,
    run(i) {
      const block = blocks[i % blocks.length]!;
      return decoder.decode(block, 0, block.length).fields.length;
    },
  };
}

function shared(list: HeaderList): HeaderList {
  list.shared = true;
  return list;
}

const heavy = request(
  ...Array.from({ length: 30 }, (_, i) => field(`x-metadata-${i}`, `value ${i} of some length, as it happens`)),
);
const heavyOnce = new HeaderList(heavy.fields.map((f) => field(f.name, f.value, Indexing.once)));
const response = new HeaderList([field(':status', '200'), field('content-type', 'application/grpc')]);
const trailers = new HeaderList([field('grpc-status', '0'), field('grpc-message', '')]);

function huffmanScenarios(): Scenario[] {
  const text = '/voltha.VolthaService/GetDevice?and=some&more=0123456789';
  const out = Buffer.alloc(256);
  const wire = Buffer.alloc(256);
  const length = huffmanEncode(text, wire, 0);
  return [
    {
      name: `Huffman: decode ${text.length} characters`,
      blockBytes: length,
      run: () => huffmanDecode(wire, 0, length, out),
    },
    { name: `Huffman: encode ${text.length} characters`, blockBytes: length, run: () => huffmanEncode(text, out, 0) },
  ];
}

const scenarios: Scenario[] = [
  decodeScenario('decode: the same request', [request()]),
  decodeScenario('decode: response and trailers in turn', [response, trailers]),
  decodeScenario(
    'decode: 20 requests in turn',
    Array.from({ length: 20 }, (_, i) => request(field('x-kind', String(i)))),
  ),
  decodeScenario('decode: request + one changing literal', tracedRequests()),
  deadlineScenario(),
  decodeScenario('decode: 37 fields, indexed', [heavy]),
  decodeScenario(
    'decode: 37 literals, changing',
    Array.from({ length: 5000 }, (_, i) => new HeaderList([...heavyOnce.fields, field('n', `${i}`, Indexing.once)])),
  ),
  encodeScenario('encode: the same shared list', [shared(request())]),
  encodeScenario(
    'encode: the same shared list + one field',
    [shared(request())],
    field('x-serial', '123456', Indexing.once),
  ),
  encodeScenario('encode: request + one changing literal', tracedRequests()),
  encodeScenario('encode: 37 literals', [heavyOnce]),
  ...huffmanScenarios(),
];

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[values.length >>> 1]!;
}

const figures = scenarios.map(() => [] as number[]);
let sum = 0;
for (let round = -2; round < rounds; round++) {
  scenarios.forEach((scenario, place) => {
    const begin = process.hrtime.bigint();
    for (let i = 0; i < BLOCKS_PER_ROUND; i++) sum += scenario.run(i);
    const ns = Number(process.hrtime.bigint() - begin) / BLOCKS_PER_ROUND;
    // The first rounds are the compiler's.
    if (round >= 0) figures[place]!.push(ns);
  });
}
if (sum === 0) throw new Error('nothing was measured');
console.table(
  scenarios.map((scenario, place) => ({
    scenario: scenario.name,
    'block bytes': scenario.blockBytes,
    'ns/block': Math.round(median(figures[place]!)),
  })),
);
