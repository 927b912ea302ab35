import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { goaways, Requests, target, UNARY } from '../support/attack.js';
import { Bed } from '../support/bed.js';
import { echo, echoService } from '../support/echo.js';
import { eventually } from '../support/eventually.js';
import { Flag, frame, grpcMessage, Type, uint32 } from '../support/frames.js';
import { RawPeer } from '../support/raw-peer.js';

/** What honest clients do must not look like an attack (linkerd/linkerd2#14908, grpc/grpc-node#2625). */
let bed: Bed;

before(async () => {
  bed = await Bed.start(target());
});

after(() => bed.stop());

const message = grpcMessage(echoService.Unary!.requestSerialize({ key: 'k' }));

/** Whole calls, so many at a time; each is done when its trailers are there. */
async function calls(peer: RawPeer, requests: Requests, count: number, then: (id: number) => void): Promise<void> {
  let open = 0;
  let done = 0;
  peer.onFrame = ({ type, flags, stream }) => {
    if (type !== Type.HEADERS || (flags & Flag.END_STREAM) === 0) return;
    open--;
    done++;
    then(stream);
  };
  for (let i = 0; i < count; i++) {
    await eventually('a call ends', () => open < 50);
    const { id, bytes } = requests.open();
    peer.send(bytes, frame(Type.DATA, Flag.END_STREAM, id, message));
    open++;
  }
  await eventually('the last call ends', () => done === count);
}

test('3000 quick cancels among as many calls end nothing', async () => {
  const call = () => bed.client.call('Unary', { key: 'k' });
  for (let i = 0; i < 60; i++) {
    const cancelled = Array.from({ length: 50 }, () => {
      const quick = bed.client.open('Unary').send({ key: 'quick' });
      setImmediate(() => quick.cancel());
      return quick.outcome;
    });
    const whole = await Promise.all(Array.from({ length: 50 }, call));
    for (const { code, details } of whole) assert.equal(code, 0, details);
    await Promise.all(cancelled);
  }
});

test('a client that resets every call it has the answer of, as grpc-go does, ends nothing', async () => {
  const peer = await RawPeer.dial(bed.port);
  bed.handle((call) => (call.method === 'Bidi' ? call.end() : echo(call)));
  const requests = new Requests('/afrouter.test.Echo/Bidi');
  let answered = 0;
  peer.onFrame = ({ type, flags, stream }) => {
    if (type !== Type.HEADERS || (flags & Flag.END_STREAM) === 0) return;
    answered++;
    peer.reset(stream, 0);
  };
  for (let i = 0; i < 2500; i++) {
    await eventually('answers keep up', () => i - answered < 50);
    peer.send(requests.open().bytes);
  }
  await eventually('all are answered', () => answered === 2500);
  bed.handle();
  assert.deepEqual(goaways(peer), []);
  peer.destroy();
});

test('a PING and two WINDOW_UPDATEs for each answer end nothing', async () => {
  const peer = await RawPeer.dial(bed.port);
  await calls(peer, new Requests(UNARY), 3000, () => {
    peer.send(
      frame(Type.PING, 0, 0, Buffer.alloc(8)),
      frame(Type.WINDOW_UPDATE, 0, 0, uint32(20)),
      frame(Type.WINDOW_UPDATE, 0, 0, uint32(20)),
    );
  });
  assert.deepEqual(goaways(peer), []);
  peer.destroy();
});

test('no limit was met', () => {
  assert.deepEqual(
    bed.daemon.lines.filter(({ event }) => event === 'limit_hit'),
    [],
  );
});
