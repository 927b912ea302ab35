import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Flag, frame, Type, uint32 } from '../support/frames.js';
import { type Fields, headers, MESSAGE, OK_HEAD, RawBed } from '../support/raw-bed.js';
import type { RawPeer } from '../support/raw-peer.js';

/** Two-sided script: a backend ends a call in its own way, and the client gets this status (grpc/doc/PROTOCOL-HTTP2.md, Errors; http-grpc-status-mapping.md). */

let bed: RawBed;
before(async () => {
  bed = await RawBed.start();
});
after(() => bed.stop());

async function statusAfter(respond: (peer: RawPeer, stream: number) => void): Promise<number> {
  const peer = await bed.untilServing();
  bed.respond = respond;
  const { code } = await bed.client.call('Unary', {});
  assert.equal(await bed.untilServing(), peer, 'the connection lives');
  return code;
}

const resets: readonly (readonly [name: string, code: number, status: number])[] = [
  ['NO_ERROR', 0x0, 13],
  ['PROTOCOL_ERROR', 0x1, 13],
  ['INTERNAL_ERROR', 0x2, 13],
  ['FLOW_CONTROL_ERROR', 0x3, 13],
  ['SETTINGS_TIMEOUT', 0x4, 13],
  ['STREAM_CLOSED', 0x5, 13],
  ['FRAME_SIZE_ERROR', 0x6, 13],
  ['REFUSED_STREAM', 0x7, 14],
  ['CANCEL', 0x8, 1],
  ['COMPRESSION_ERROR', 0x9, 13],
  ['CONNECT_ERROR', 0xa, 13],
  ['ENHANCE_YOUR_CALM', 0xb, 8],
  ['INADEQUATE_SECURITY', 0xc, 7],
  ['HTTP_1_1_REQUIRED', 0xd, 13],
  ['an unknown code', 0xfeed, 13],
];
for (const [name, code, status] of resets) {
  test(`RST_STREAM with ${name} before the trailers is status ${status}`, async () => {
    const got = await statusAfter((peer, s) =>
      peer.send(headers(s, OK_HEAD), frame(Type.RST_STREAM, 0, s, uint32(code))),
    );
    assert.equal(got, status);
  });
}

const https: readonly (readonly [http: string, status: number])[] = [
  ['400', 13],
  ['401', 16],
  ['403', 7],
  ['404', 12],
  ['429', 14],
  ['502', 14],
  ['503', 14],
  ['504', 14],
  ['500', 2],
  ['302', 2],
  ['204', 2],
];
for (const [http, status] of https) {
  test(`HTTP ${http} without a grpc-status is status ${status}`, async () => {
    const head: Fields = [
      [':status', http],
      ['content-type', 'text/html'],
    ];
    assert.equal(await statusAfter((peer, s) => peer.send(headers(s, head, Flag.END_STREAM))), status);
  });
}

test('HTTP 503 with a grpc-status is what that says', async () => {
  const head: Fields = [
    [':status', '503'],
    ['content-type', 'application/grpc'],
    ['grpc-status', '5'],
  ];
  assert.equal(await statusAfter((peer, s) => peer.send(headers(s, head, Flag.END_STREAM))), 5);
});

test('an answer of a foreign content-type is UNKNOWN, and its body is not taken for messages', async () => {
  const head: Fields = [
    [':status', '200'],
    ['content-type', 'text/html'],
  ];
  const got = await statusAfter((peer, s) => {
    peer.send(headers(s, head), frame(Type.DATA, Flag.END_STREAM, s, Buffer.from('<html>sign in</html>')));
  });
  assert.equal(got, 2);
});

test('an answer may name its codec or its character set in the content-type', async () => {
  for (const type of ['application/grpc', 'application/grpc+proto', 'application/grpc;charset=utf-8']) {
    const head: Fields = [
      [':status', '200'],
      ['content-type', type],
    ];
    const got = await statusAfter((peer, s) => {
      peer.send(headers(s, head), frame(Type.DATA, 0, s, MESSAGE), headers(s, [['grpc-status', '0']], Flag.END_STREAM));
    });
    assert.equal(got, 0, type);
  }
});

test('trailers without grpc-status are UNKNOWN', async () => {
  const got = await statusAfter((peer, s) => {
    peer.send(headers(s, OK_HEAD), frame(Type.DATA, 0, s, MESSAGE), headers(s, [['x-a', 'b']], Flag.END_STREAM));
  });
  assert.equal(got, 2);
});

test('a Trailers-Only answer without grpc-status is UNKNOWN', async () => {
  assert.equal(await statusAfter((peer, s) => peer.send(headers(s, OK_HEAD, Flag.END_STREAM))), 2);
});

test('DATA with END_STREAM instead of trailers is INTERNAL', async () => {
  const got = await statusAfter((peer, s) => {
    peer.send(headers(s, OK_HEAD), frame(Type.DATA, Flag.END_STREAM, s, MESSAGE));
  });
  assert.equal(got, 13);
});

test('a status that gRPC does not define passes as it is', async () => {
  const got = await statusAfter((peer, s) => {
    peer.send(headers(s, [...OK_HEAD, ['grpc-status', '99']], Flag.END_STREAM));
  });
  assert.equal(got, 99);
});
