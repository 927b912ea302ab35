/**
 * What reading the routing field of a message costs: nanoseconds a message, the median of interleaved rounds, our scan against
 * protobufjs's Reader and against decoding all of it.
 *
 *     npm run build && node dist/bench/micro/routing-field.js [rounds]
 */
import protobuf from 'protobufjs';
import { RoutingField } from '../../src/main/routing/routing-field.js';
import { median } from '../stats.js';

const MESSAGES_PER_ROUND = 200_000;
const rounds = Number(process.argv[2] ?? 15);

const { root } = protobuf.parse(`
  syntax = "proto3";
  message Device { string id = 1; string name = 2; uint32 port = 3; bytes payload = 4; Place place = 5; string key = 9; }
  message Place { string site = 1; }
`);
const device = root.lookupType('Device');

/** A message and the number of the string field that is wanted of it. */
const cases = {
  'key first, 10 B': [device.encode({ id: '12345678' }).finish(), 1],
  'key last, 1 KiB': [
    device
      .encode({ id: 'i', name: 'n', port: 7, payload: new Uint8Array(1000), place: { site: 's' }, key: '12345678' })
      .finish(),
    9,
  ],
} as const;

/** The last occurrence of a string field, read with protobufjs's Reader. */
function withReader(message: Uint8Array, wanted: number): string {
  const reader = protobuf.Reader.create(message);
  let key = '';
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >>> 3 === wanted && (tag & 7) === 2) key = reader.string();
    else reader.skipType(tag & 7);
  }
  return key;
}

for (const [name, [octets, wanted]] of Object.entries(cases)) {
  const message = Buffer.from(octets);
  const field = new RoutingField({ path: 'key', numbers: [wanted], type: 'string' }, false);
  const ways: Record<string, () => number> = {
    'our scan': () => field.locate(message, 0, message.length) + field.keyEnd,
    'our scan, to a string': () => (field.read(message) as string).length,
    'protobufjs Reader': () => withReader(message, wanted).length,
    'decoding all': () => (device.decode(message) as unknown as { id: string }).id.length,
  };
  const times = new Map<string, number[]>(Object.keys(ways).map((way) => [way, []]));
  let sink = 0;
  for (let round = -1; round < rounds; round++) {
    for (const [way, run] of Object.entries(ways)) {
      const begin = performance.now();
      for (let i = 0; i < MESSAGES_PER_ROUND; i++) sink += run();
      // The first round is the compiler's.
      if (round >= 0) times.get(way)!.push(((performance.now() - begin) * 1e6) / MESSAGES_PER_ROUND);
    }
  }
  for (const [way, all] of times) process.stdout.write(`${name}: ${way.padEnd(22)} ${median(all).toFixed(0)} ns\n`);
  if (sink === 0) throw new Error('nothing was read');
}
