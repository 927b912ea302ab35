import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Flag, type Frame, frame, grpcMessage, Type } from '../support/frames.js';
import { headers, OK_HEAD, RawBed, UNARY } from '../support/raw-bed.js';

/** Messages are never decompressed: what is compressed passes as it is, with its flag, in both directions. */

let bed: RawBed;
before(async () => {
  bed = await RawBed.start();
});
after(() => bed.stop());

const dataOf = (frames: readonly Frame[], stream: number): Buffer => {
  return Buffer.concat(
    frames.filter((each) => each.type === Type.DATA && each.stream === stream).map((f) => f.payload),
  );
};

test('a compressed request and a compressed answer pass with their flags, beside messages that are not', async () => {
  const sent = Buffer.concat([grpcMessage(gzipSync('request'), 1), grpcMessage(Buffer.from('plain'), 0)]);
  const answered = Buffer.concat([grpcMessage(Buffer.from('plain'), 0), grpcMessage(gzipSync('answer'), 1)]);
  let got: Buffer = Buffer.alloc(0);
  bed.respond = (peer, stream) => {
    got = dataOf(peer.frames, stream);
    peer.send(
      headers(stream, [...OK_HEAD, ['grpc-encoding', 'gzip']]),
      frame(Type.DATA, 0, stream, answered),
      headers(stream, [['grpc-status', '0']], Flag.END_STREAM),
    );
  };
  const client = await bed.dial();
  client.request(1, UNARY, [
    ['grpc-encoding', 'gzip'],
    ['grpc-accept-encoding', 'gzip'],
  ]);
  client.send(frame(Type.DATA, Flag.END_STREAM, 1, sent));
  await client.untilFrame('the end', ({ type, flags }) => type === Type.HEADERS && (flags & Flag.END_STREAM) !== 0);
  assert.deepEqual(got, sent);
  assert.deepEqual(dataOf(client.frames, 1), answered);
  client.destroy();
});
