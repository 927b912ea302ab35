import { FirstMessage } from '../../src/grpc/first-message.js';
import { MessageAppender } from '../../src/grpc/message-appender.js';
import { MESSAGE_PREFIX_BYTES, MessageBoundary } from '../../src/grpc/message-boundary.js';
import { RpcError } from '../../src/grpc/rpc-error.js';
import { largeChunks, smallChunks } from '../chunks.js';
import { hold } from '../finding.js';
import type { Target } from '../target.js';

const LIMIT = 5000;
const SUFFIX = Buffer.from([0x9a, 0x06, 0x01, 0x31]);

/** What a stream of messages is, read in the plainest way. */
interface Expected {
  /** Where whole messages end, up to the first that is refused. */
  readonly ends: number[];
  /** The prefix of a message is over the limit or has a bad flag. */
  readonly refused: boolean;
  readonly compressed: boolean;
}

function expected(input: Buffer): Expected {
  const ends: number[] = [];
  let compressed = false;
  for (let at = 0; input.length > at; ) {
    if (input[at]! > 1) return { ends, refused: true, compressed };
    if (at + MESSAGE_PREFIX_BYTES > input.length) break;
    compressed ||= input[at] === 1;
    const length = input.readUInt32BE(at + 1);
    if (length > LIMIT) return { ends, refused: true, compressed };
    at += MESSAGE_PREFIX_BYTES + length;
    if (at <= input.length) ends.push(at);
  }
  return { ends, refused: false, compressed };
}

function checkBoundaries(chunks: readonly Buffer[], { ends, refused }: Expected): void {
  const boundary = new MessageBoundary(LIMIT, 'a peer');
  let at = 0;
  for (const chunk of chunks) {
    const found = boundary.feed(chunk, 0, chunk.length);
    if (found instanceof RpcError) {
      hold(refused, 'a boundary was refused');
      return;
    }
    const last = ends.filter((end) => end > at && end <= at + chunk.length).at(-1);
    hold(found === (last === undefined ? -1 : last - at), 'a boundary in a wrong place');
    at += chunk.length;
  }
  hold(!refused, 'a bad prefix was not refused');
}

function checkFirst(chunks: readonly Buffer[], input: Buffer, { ends, refused }: Expected): void {
  const first = new FirstMessage(LIMIT, 'a peer');
  for (const chunk of chunks) {
    const found = first.push(chunk, 0, chunk.length);
    if (found === undefined) continue;
    if (found instanceof RpcError) {
      hold(refused && ends.length === 0, 'the first message was refused');
    } else {
      hold(ends.length > 0, 'a first message that is none');
      const bytes = found.buf.subarray(found.start, found.end);
      hold(bytes.equals(input.subarray(0, ends[0])), 'the first message is another');
    }
    return;
  }
  hold(ends.length === 0, 'the first message was not found');
  hold(first.kept.equals(input) && first.bytes === input.length, 'not all was kept');
}

function checkAppended(chunks: readonly Buffer[], input: Buffer, { ends, compressed, refused }: Expected): void {
  const appender = new MessageAppender(SUFFIX);
  const out: Buffer[] = [];
  for (const chunk of chunks) {
    const error = appender.feed(chunk, 0, chunk.length, (buf, start, end) => out.push(buf.subarray(start, end)));
    if (error === undefined) continue;
    hold(compressed || refused, 'a message was refused to be appended to');
    return;
  }
  if (refused) return;
  hold(!compressed, 'a compressed message was appended to');
  const whole = Buffer.concat(out);
  let from = 0;
  let at = 0;
  for (const end of ends) {
    const length = whole.readUInt32BE(at + 1);
    const body = whole.subarray(at + MESSAGE_PREFIX_BYTES, at + MESSAGE_PREFIX_BYTES + length);
    const wanted = Buffer.concat([input.subarray(from + MESSAGE_PREFIX_BYTES, end), SUFFIX]);
    hold(body.equals(wanted), 'a message was appended to wrongly');
    from = end;
    at += MESSAGE_PREFIX_BYTES + length;
  }
  hold(appender.added === ends.length * SUFFIX.length, 'what was added is counted wrongly');
}

/** What reads gRPC's length-prefixed messages. */
export const messageTarget: Target = {
  name: 'message',
  corpus: 'messages',
  framed: false,
  start: () => (input) => {
    const stream = expected(input);
    for (const chunks of [largeChunks(input), smallChunks(input)]) {
      checkBoundaries(chunks, stream);
      checkFirst(chunks, input, stream);
      checkAppended(chunks, input, stream);
    }
    return `${Math.min(stream.ends.length, 5)} ${stream.refused} ${stream.compressed}`;
  },
};
