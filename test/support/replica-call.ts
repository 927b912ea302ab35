import { Metadata, type ServerDuplexStream } from '@grpc/grpc-js';
import type { Message } from './service.js';

/** One call as one replica sees it. */
export class ReplicaCall {
  readonly replica: string;
  readonly method: string;
  readonly stream: ServerDuplexStream<Message, Message>;
  readonly requests: Message[] = [];
  halfClosed = false;
  cancelled = false;
  /** Set to act on request messages as they come. */
  onRequest: ((request: Message) => void) | null = null;
  /** Set to act when the client has sent all. */
  onHalfClose: (() => void) | null = null;

  constructor(replica: string, method: string, stream: ServerDuplexStream<Message, Message>) {
    this.replica = replica;
    this.method = method;
    this.stream = stream;
    stream.on('data', (request: Message) => {
      this.requests.push(request);
      this.onRequest?.(request);
    });
    stream.on('end', () => {
      this.halfClosed = true;
      this.onHalfClose?.();
    });
    stream.on('cancelled', () => {
      this.cancelled = true;
    });
    stream.on('error', () => {});
  }

  get metadata(): Metadata {
    return this.stream.metadata;
  }

  /** Text values of a metadata key. */
  meta(key: string): string[] {
    return this.stream.metadata.get(key).map(String);
  }

  /** The deadline as the replica knows it, in ms from now; Infinity without one. */
  get deadlineMs(): number {
    const deadline = this.stream.getDeadline();
    return (deadline instanceof Date ? deadline.getTime() : deadline) - Date.now();
  }

  sendHeaders(metadata: Metadata = new Metadata()): void {
    this.stream.sendMetadata(metadata);
  }

  /** Sends one message; false when the stream asks to wait for 'drain'. */
  answer(response: Message): boolean {
    return this.stream.write(response);
  }

  end(trailers?: Metadata): void {
    this.stream.end(trailers);
  }

  /** Ends with a status other than OK; without a message before it that is a Trailers-Only answer. */
  fail(code: number, details: string, metadata: Metadata = new Metadata()): void {
    this.stream.emit('error', { code, details, metadata, name: 'Error', message: details });
  }

  /** Waits until the replica could act on the call: all of the request is there. */
  whenHalfClosed(act: () => void): void {
    if (this.halfClosed) act();
    else this.onHalfClose = act;
  }
}
