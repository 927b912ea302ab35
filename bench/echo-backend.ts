/**
 * The backend of all measurements, on our own transport so as not to be the limit: `Produce` sends 10 KiB messages without
 * end, every other method answers with the bytes it gets. It counts nothing.
 *
 *     node echo-backend.js PORT [CERTIFICATE KEY]
 */
import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { ServerSession } from '../src/http2/session/server-session.js';
import type { Stream, StreamHandler } from '../src/http2/stream/stream.js';
import { repeatedList, sessionContext } from './http2-sessions.js';
import { messageOf } from './message.js';
import { trustedPeer } from './trusted-peer.js';

const RESPONSE = repeatedList([':status', '200'], ['content-type', 'application/grpc']);
const TRAILERS = repeatedList(['grpc-status', '0']);
const NO_BYTES = Buffer.alloc(0);
/** In a buffer of its own: a queue then keeps it by reference, however many streams wait with it. */
const MESSAGE = new Uint8Array(messageOf(10 * 1024));
/** What a stream of `Produce` has waiting to be sent. */
const PRODUCED_AHEAD = 64 * 1024;

/** Sends back what comes, as it comes. */
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

/** Sends for ever what the client takes. */
class Producer implements StreamHandler {
  private readonly stream: Stream;
  private filling = false;

  constructor(stream: Stream) {
    this.stream = stream;
    stream.sendHeaders(RESPONSE, undefined, false);
    this.fill();
  }

  private fill(): void {
    // What goes at once says so (`onSent`) before `sendData` returns.
    if (this.filling) return;
    this.filling = true;
    while (this.stream.open && this.stream.queuedBytes < PRODUCED_AHEAD) {
      this.stream.sendData(MESSAGE, 0, MESSAGE.length, false);
    }
    this.filling = false;
  }

  onHeaders(): void {}

  onData(): void {}

  onTrailers(): void {}

  onReset(): void {}

  onSent(): void {
    this.fill();
  }
}

const context = sessionContext();
const options = trustedPeer();

function serve(socket: Socket): void {
  new ServerSession(socket, context, options, {
    onReady() {},
    onGoaway() {},
    onLimit() {},
    onClose() {},
    onOversizedHeaders() {},
    onStream(stream, headers, endStream) {
      if (headers.get(':path') === '/bench.Echo/Produce') {
        stream.handler = new Producer(stream);
        return;
      }
      const echo = new Echo(stream);
      stream.handler = echo;
      if (endStream) echo.onData(NO_BYTES, 0, 0, true);
    },
  });
}

const [port, certificate, key] = process.argv.slice(2);
const server =
  certificate === undefined
    ? createServer({ noDelay: true }, serve)
    : createTlsServer(
        { cert: readFileSync(certificate), key: readFileSync(key!), ALPNProtocols: ['h2'], noDelay: true },
        serve,
      );
server.on('tlsClientError', () => {
  // A probe of the port that says nothing, and clients that leave early.
});
server.listen(Number(port), '127.0.0.1', 4096);
