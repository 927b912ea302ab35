import protobuf from 'protobufjs';
import { grpcMessage } from '../../test/support/frames.js';
import { saveCorpus } from '../store.js';

/** Writes fuzz/corpus/fields and fuzz/corpus/messages: protobuf messages, and streams of them as gRPC sends them. */
export function recordMessages(): void {
  const { root } = protobuf.parse(
    `syntax = "proto3";
     message Root { string key = 1; Middle middle = 2; Outer outer = 3; repeated uint32 packed = 17; fixed64 wide = 9; }
     message Middle { sint64 number = 1; bytes more = 2; }
     message Outer { Middle inner = 2; map<string, double> names = 20; Deep deep = 16; }
     message Deep { fixed32 id = 16; float ratio = 2; }`,
  );
  const message = root.lookupType('Root');
  const encode = (fields: object): Buffer => Buffer.from(message.encode(fields).finish());
  const flat = encode({ key: 'device-42', packed: [1, 300, 70_000], wide: 5 });
  const deep = encode({
    key: '',
    middle: { number: -5, more: Buffer.alloc(40, 0x0a) },
    outer: { inner: { number: 7 }, names: { a: 1.5 }, deep: { id: 3, ratio: 0.5 } },
  });
  // Groups: only old messages have them, and protobufjs does not write them.
  const group = Buffer.from([0x2b, 0x08, 0x96, 0x01, 0x33, 0x34, 0x2c]);
  saveCorpus('fields', 'flat', flat);
  saveCorpus('fields', 'deep', deep);
  saveCorpus('fields', 'merged', Buffer.concat([deep, flat, deep]));
  saveCorpus('fields', 'group', Buffer.concat([group, flat, group]));
  saveCorpus('messages', 'one', grpcMessage(flat));
  saveCorpus(
    'messages',
    'several',
    Buffer.concat([flat, Buffer.alloc(0), deep, Buffer.alloc(3000, 7)].map((each) => grpcMessage(each))),
  );
  saveCorpus('messages', 'compressed', Buffer.concat([grpcMessage(flat), grpcMessage(deep, 1)]));
}
