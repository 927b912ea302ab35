/**
 * A backend fast enough not to be the limit: answers every unary call with the bytes it got, on our own transport.
 * `node echo-backend.js PORT`
 */
import { createServer } from 'node:net';
import { ScratchPool } from '../src/http2/codec/scratch-pool.js';
import { Turn } from '../src/http2/codec/turn.js';
import { HeaderField, Indexing } from '../src/http2/hpack/header-field.js';
import { HeaderList } from '../src/http2/hpack/header-list.js';
import { SharedHeaderLists } from '../src/http2/hpack/shared-header-lists.js';
import type { SessionContext } from '../src/http2/session/options.js';
import { ServerSession } from '../src/http2/session/server-session.js';
import type { Stream, StreamHandler } from '../src/http2/stream/stream.js';
import { trustedPeer } from './trusted-peer.js';

const port = Number(process.argv[2]);
const context: SessionContext = {
  turn: new Turn(),
  scratch: new ScratchPool(),
  sharedLists: new SharedHeaderLists(1024),
};
const options = trustedPeer();

function shared(...fields: [string, string][]): HeaderList {
  const list = new HeaderList(fields.map(([name, value]) => new HeaderField(name, value, Indexing.repeated)));
  list.shared = true;
  return list;
}

const RESPONSE = shared([':status', '200'], ['content-type', 'application/grpc']);
const TRAILERS = shared(['grpc-status', '0']);

const NO_BYTES = Buffer.alloc(0);

class Echo implements StreamHandler {
  private readonly stream: Stream;
  private answered = false;

  constructor(stream: Stream) {
    this.stream = stream;
  }

  onHeaders(): void {}

  onData(buf: Buffer, start: number, end: number, endStream: boolean): void {
    if (!this.answered) {
      this.answered = true;
      this.stream.sendHeaders(RESPONSE, undefined, false);
    }
    if (end > start) this.stream.sendData(buf, start, end, false);
    if (endStream) this.stream.sendTrailers(TRAILERS);
  }

  onTrailers(): void {}

  onReset(): void {}

  onSent(bytes: number): void {
    this.stream.consume(bytes);
  }
}

createServer({ noDelay: true }, (socket) => {
  new ServerSession(socket, context, options, {
    onReady() {},
    onGoaway() {},
    onClose() {},
    onOversizedHeaders() {},
    onStream(stream, _headers, endStream) {
      const echo = new Echo(stream);
      stream.handler = echo;
      if (endStream) echo.onData(NO_BYTES, 0, 0, true);
    },
  });
}).listen(port, '127.0.0.1');
