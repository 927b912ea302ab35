import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Bed } from '../support/bed.js';
import { type EchoRequest, echoService } from '../support/echo.js';
import { bytesField, fixed32Field, fixed64Field, group, tag, varint, varintField } from '../support/wire.js';

const KEY = 1;
const NOTE = 6;

let bed: Bed;

function affinity(name: string, field: string, methods: readonly string[], more: object = {}): object {
  return {
    name,
    type: 'rpc_affinity_message',
    association: 'round_robin',
    routing_field: field,
    backend_cluster: 'shards',
    methods,
    ...more,
  };
}

before(async () => {
  bed = await Bed.start({
    clusters: { shards: { a: ['a1', 'a2'], b: ['b1', 'b2'] } },
    routes: [
      affinity('by-key', 'key', ['Get', 'Create', 'Bidi', 'ClientStream'], { nb_binding_methods: ['Create'] }),
      affinity('nested', 'place.rack.slot', ['Aim']),
      affinity('signed', 'signed', ['Unary', 'Receive', 'ServerStream'], {
        overrides: [
          { method: 'Receive', routing_field: 'large' },
          { methods: ['ServerStream'] },
          { methods: ['NoSuchMethod'], routing_field: 'key' },
        ],
      }),
      affinity('defaulting', 'fixed', ['Subscribe'], { routing_field_default: true }),
    ],
  });
});

after(() => bed.stop());

/** The backend that answers: the first letter of the replica's name. */
async function backendOf(method: string, request: EchoRequest): Promise<string> {
  const { code, details, messages } = await bed.client.call(method, request);
  assert.equal(code, 0, details);
  return messages[0]!.replica[0]!;
}

/** Sends these bytes as the message. */
async function raw(method: string, bytes: Buffer): Promise<{ code: number; details: string; backend: string }> {
  const { path, responseDeserialize } = echoService[method]!;
  const call = bed.client.openPath(
    path,
    () => bytes,
    responseDeserialize as unknown as (bytes: Buffer) => { replica: string } & never,
  );
  const { code, details, messages } = await call.send({}).halfClose().outcome;
  return { code, details, backend: messages[0]?.replica[0] ?? '' };
}

/** New keys get backends in turn: that two requests get the same one in a row means that they have the same key. */
async function assertDistinct(method: string, requests: readonly EchoRequest[]): Promise<void> {
  const homes: string[] = [];
  for (const request of requests) homes.push(await backendOf(method, request));
  for (let i = 1; i < homes.length; i++) assert.notEqual(homes[i], homes[i - 1], `request ${i} of ${homes}`);
  for (let i = requests.length - 1; i >= 0; i--) assert.equal(await backendOf(method, requests[i]!), homes[i]);
}

test('a new key gets the next backend, a known key the backend it had', async () => {
  await assertDistinct('Get', [{ key: 'one' }, { key: 'two' }, { key: 'three' }, { key: 'four' }]);
});

test('all methods of a route share its table', async () => {
  const home = await backendOf('Get', { key: 'shared' });
  for (let i = 0; i < 3; i++) {
    assert.equal(await backendOf('Bidi', { key: 'shared' }), home);
    assert.equal(await backendOf('ClientStream', { key: 'shared' }), home);
  }
});

test('routes do not share a table', async () => {
  const first = await backendOf('Get', { key: 'same-home-1' });
  assert.notEqual(await backendOf('Get', { key: 'other-home' }), first);
  assert.equal(await backendOf('Get', { key: 'same-home-2' }), first);
  // The same texts as keys of another route are new there, and new keys take turns.
  const slot = (text: string) => backendOf('Aim', { place: { rack: { slot: text } } });
  assert.notEqual(await slot('same-home-1'), await slot('same-home-2'));
});

test('a nested field is written a.b.c', async () => {
  await assertDistinct('Aim', [
    { place: { site: 'same', rack: { row: 1, slot: 'p' } } },
    { place: { site: 'same', rack: { row: 1, slot: 'q' } } },
  ]);
});

test('signed integers with a field number above 15', async () => {
  await assertDistinct('Unary', [{ signed: -1 }, { signed: 1 }, { signed: -2 }, { signed: 1_000_000_007 }]);
});

test('64-bit integers are told apart to the last bit', async () => {
  await assertDistinct('Receive', [
    { large: '18446744073709551615' },
    { large: '18446744073709551614' },
    { large: '9007199254740993' },
    { large: '9007199254740992' },
  ]);
});

test('fixed64', async () => {
  await assertDistinct('Subscribe', [{ fixed: '18446744073709551615' }, { fixed: '18446744073709551614' }]);
});

test('key names cannot trick the table', async () => {
  await assertDistinct(
    'Get',
    ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'k\u0000ey', 'ключ', 'x'.repeat(1000)].map((key) => ({
      key,
    })),
  );
});

test('fields before the key are skipped, whatever their type', async () => {
  const home = await backendOf('Get', { key: 'skipped-to' });
  const before = [
    varintField(15, 2n ** 64n - 1n),
    bytesField(NOTE, 'x'.repeat(300)),
    fixed32Field(1000, 7),
    fixed64Field(17, 9n),
    group(50, varintField(KEY, 1), bytesField(KEY, 'not this one'), group(51, bytesField(KEY, 'nor this'))),
    bytesField(NOTE, bytesField(2, Buffer.concat([varint(1), varint(2), varint(300)]))),
  ];
  for (let i = 0; i < 3; i++) {
    const { code, backend } = await raw('Get', Buffer.concat([...before, bytesField(KEY, 'skipped-to')]));
    assert.equal(code, 0);
    assert.equal(backend, home);
  }
});

test('the last occurrence of a field wins, also of a nested one', async () => {
  const home = await backendOf('Get', { key: 'last' });
  for (let i = 0; i < 3; i++) {
    const { backend } = await raw('Get', Buffer.concat([bytesField(KEY, `first${i}`), bytesField(KEY, 'last')]));
    assert.equal(backend, home);
  }
  const nested = await backendOf('Aim', { place: { rack: { slot: 'late' } } });
  const rack = (slot: string) => bytesField(4, bytesField(20, bytesField(21, slot)));
  for (let i = 0; i < 3; i++) {
    const { backend } = await raw(
      'Aim',
      Buffer.concat([rack(`early${i}`), rack('late'), bytesField(4, bytesField(1, 'site'))]),
    );
    assert.equal(backend, nested);
  }
});

test('a missing field is INVALID_ARGUMENT and names the field', async () => {
  const { code, details } = await bed.client.call('Aim', { place: { site: 'no rack' } });
  assert.equal(code, 3);
  assert.ok(details.includes('place.rack.slot'), details);
  assert.equal((await raw('Get', Buffer.alloc(0))).code, 3);
});

test('an absent field reads as its default where routing_field_default is true', async () => {
  const home = await backendOf('Subscribe', {});
  for (let i = 0; i < 3; i++) assert.equal(await backendOf('Subscribe', {}), home);
  const { backend } = await raw('Subscribe', fixed64Field(17, 0n));
  assert.equal(backend, home, 'an explicit 0 is the same key');
});

test('a malformed message is INVALID_ARGUMENT and disturbs nobody', async () => {
  const whole = bytesField(KEY, 'malformed');
  const bad: Record<string, Buffer> = {
    'cut off inside the key': whole.subarray(0, whole.length - 2),
    'length beyond the end': Buffer.concat([tag(KEY, 2), varint(1_000_000), Buffer.from('x')]),
    'length beyond 2^32': Buffer.concat([tag(NOTE, 2), varint(2n ** 40n), Buffer.from('x')]),
    'endless varint': Buffer.alloc(20, 0xff),
    'wire type 7': Buffer.concat([tag(NOTE, 7), whole]),
    'field number 0': Buffer.concat([tag(0, 0), varint(1), whole]),
    'group without end': Buffer.concat([whole, tag(50, 3)]),
    'end of no group': Buffer.concat([whole, tag(50, 4)]),
    'groups a thousand deep': Buffer.concat(Array.from({ length: 1000 }, () => tag(50, 3))),
    'cut off fixed64': Buffer.concat([whole, tag(17, 1), Buffer.alloc(7)]),
    'another wire type for the key': varintField(KEY, 5),
  };
  for (const [what, bytes] of Object.entries(bad)) {
    const { code, details } = await raw('Get', bytes);
    assert.equal(code, 3, `${what}: status ${code}: ${details}`);
  }
  assert.equal((await raw('Get', whole)).code, 0);
});

test('a key is stored, so it is bounded: a longer one is INVALID_ARGUMENT', async () => {
  assert.equal((await bed.client.call('Get', { key: 'x'.repeat(100_000) })).code, 3);
});

test('a call that ends before its first message is INVALID_ARGUMENT', async () => {
  const { code } = await bed.client.open('Bidi').halfClose().outcome;
  assert.equal(code, 3);
});

test('nb_binding_methods go round robin, and the key in the reply is bound to the backend that answered', async () => {
  const homes = new Map<string, string>();
  for (const id of ['new1', 'new2', 'new3', 'new4']) {
    homes.set(id, await backendOf('Create', { key: 'the same every time', plan: { answerKey: id } }));
  }
  assert.equal(new Set(homes.values()).size, 2, 'both backends create');
  for (let i = 0; i < 2; i++) {
    for (const [id, home] of homes) assert.equal(await backendOf('Get', { key: id }), home, id);
  }
});

test('an nb_binding method needs no key in its request', async () => {
  const home = await backendOf('Create', { plan: { answerKey: 'from-nothing' } });
  assert.equal(await backendOf('Get', { key: 'from-nothing' }), home);
});

test('a failed nb_binding call binds nothing and gives its status', async () => {
  const { code, details } = await bed.client.call('Create', { key: 'x', plan: { status: 8, statusMessage: 'full' } });
  assert.equal(code, 8);
  assert.equal(details, 'full');
});

test('a key never silently moves: a reply that would move it is an error, and the key stays', async () => {
  const home = await backendOf('Create', { plan: { answerKey: 'stays' } });
  // The turn alternates, so that one of two further attempts comes from the other backend.
  const codes: number[] = [];
  for (let i = 0; i < 2; i++) codes.push((await bed.client.call('Create', { plan: { answerKey: 'stays' } })).code);
  assert.equal(codes.filter((code) => code !== 0).length, 1, `statuses ${codes}`);
  for (let i = 0; i < 3; i++) assert.equal(await backendOf('Get', { key: 'stays' }), home);
});

test('an override changes the routing field of its methods', async () => {
  const home = await backendOf('Receive', { large: '77', signed: 1 });
  for (let i = 0; i < 4; i++) assert.equal(await backendOf('Receive', { large: '77', signed: 100 + i }), home);
});

test('an override without a routing field is round robin', async () => {
  const seen: string[] = [];
  for (let i = 0; i < 4; i++) seen.push(await backendOf('ServerStream', { signed: 5 }));
  assert.match(seen.join(''), /^(abab|baba)$/);
});

test('a sticky key never falls over to another backend: its backend down is UNAVAILABLE', async () => {
  const keys = ['down1', 'down2'];
  const homes = [await backendOf('Get', { key: keys[0]! }), await backendOf('Get', { key: keys[1]! })];
  await bed.kill('b1');
  await bed.kill('b2');
  assert.equal((await bed.client.call('Get', { key: keys[homes.indexOf('b')]! })).code, 14);
  assert.equal(await backendOf('Get', { key: keys[homes.indexOf('a')]! }), 'a');
  await bed.revive('b1');
  await bed.revive('b2');
  assert.equal(await backendOf('Get', { key: keys[homes.indexOf('b')]! }), 'b');
});

test('only the first message routes: a stream stays where it began', async () => {
  const call = bed.client.open('Bidi').send({ key: 'start' });
  const home = (await call.untilMessages(1))[0]!.replica[0];
  call.send({ key: 'elsewhere' }, {}, { key: 'start' });
  const { code, messages } = await call.halfClose().outcome;
  assert.equal(code, 0);
  assert.deepEqual(new Set(messages.map(({ replica }) => replica[0])), new Set([home]));
});

test('the table is bounded: a full one forgets the longest unused key that has no call in flight', async () => {
  const small = await Bed.start({
    clusters: { shards: { a: ['a1'], b: ['b1'] } },
    routes: [affinity('by-key', 'key', ['Get', 'Bidi'])],
    daemon: { env: { AFROUTER_AFFINITY_ENTRIES: '3' } },
  });
  const home = async (key: string) => (await small.client.call('Get', { key })).messages[0]!.replica[0]!;
  try {
    const busy = small.client.open('Bidi').send({ key: 'busy' });
    assert.equal((await busy.untilMessages(1))[0]!.replica, 'a1');
    assert.equal(await home('oldest'), 'b');
    assert.equal(await home('used'), 'a');
    // The table is full. The turn is at b, where a key that is still known does not go.
    assert.equal(await home('newcomer'), 'b');
    // "busy" is older still, but in use; "oldest" was forgotten and is new again, in turn at a.
    assert.equal(await home('oldest'), 'a');
    assert.equal(await home('busy'), 'a');
    assert.equal((await busy.halfClose().outcome).code, 0);
  } finally {
    await small.stop();
  }
});
