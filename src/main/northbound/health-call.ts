import { FirstMessage } from '../../grpc/first-message.js';
import { MESSAGE_PREFIX_BYTES } from '../../grpc/message-boundary.js';
import { RpcError } from '../../grpc/rpc-error.js';
import { Status } from '../../grpc/status-code.js';
import { responseHeaders, statusTrailers } from '../../grpc/trailers.js';
import { ErrorCode } from '../../http2/frame/error-code.js';
import type { Expiry, Stream, StreamHandler } from '../../http2/stream/stream.js';
import { type HealthSource, type ServingStatus, servingStatus } from '../health/health-source.js';
import { RoutingField } from '../routing/routing-field.js';
import { expiryError } from './expiry.js';
import { rescue } from './rescue.js';

const CHECK = '/grpc.health.v1.Health/Check';
const WATCH = '/grpc.health.v1.Health/Watch';

/** Bytes of a request: a service's name. */
const MAX_REQUEST_BYTES = 4096;

/** `grpc.health.v1.HealthCheckRequest.service`. */
const SERVICE_FIELD = new RoutingField({ path: 'service', numbers: [1], type: 'string' }, true);

/**
 * Answers a call of `grpc.health.v1.Health`, when the listener does that.
 * @param health undefined when it does not
 * @param halfClosed the client sends no body
 * @returns false when the call is another one
 */
export function answerHealth(
  health: HealthSource | undefined,
  stream: Stream,
  path: string,
  halfClosed: boolean,
): boolean {
  if (health === undefined || (path !== CHECK && path !== WATCH)) return false;
  new HealthCall(health, stream, path === WATCH).begin(halfClosed);
  return true;
}

/**
 * A call of `grpc.health.v1.Health` that the router answers itself, on a listener for clients (AFROUTER_NORTHBOUND_HEALTH).
 * A watch ends when the router drains, or it would hold the drain up.
 */
class HealthCall implements StreamHandler {
  private readonly health: HealthSource;
  private readonly stream: Stream;
  private readonly watches: boolean;
  private readonly request = new FirstMessage(MAX_REQUEST_BYTES, 'the client');
  private service: string | null = null;
  private told: ServingStatus | null = null;
  private unwatch: (() => void) | null = null;

  constructor(health: HealthSource, stream: Stream, watches: boolean) {
    this.health = health;
    this.stream = stream;
    this.watches = watches;
  }

  /** Takes the stream over. @param halfClosed the client sends no body */
  begin(halfClosed: boolean): void {
    this.stream.handler = this;
    if (halfClosed) this.refuse(withoutMessage());
  }

  onHeaders(): void {
    // Unreachable: a server's stream begins with its headers.
  }

  onData(buf: Buffer, start: number, end: number, endStream: boolean): void {
    this.stream.consume(end - start);
    if (this.service !== null) return;
    const message = this.request.push(buf, start, end);
    if (message instanceof RpcError) this.refuse(message);
    else if (message !== undefined)
      this.answer(message.buf.subarray(message.start + MESSAGE_PREFIX_BYTES, message.end));
    else if (endStream) this.refuse(withoutMessage());
  }

  onTrailers(): void {
    if (this.service === null) this.refuse(withoutMessage());
  }

  onReset(): void {
    this.unwatch?.();
    this.unwatch = null;
  }

  onSent(): void {
    // A few bytes at each change: nobody waits for their credit.
  }

  onExpired(expiry: Expiry): void {
    const error = expiryError(expiry);
    if (this.told === null) this.refuse(error);
    else this.end(error.code, error.message);
  }

  private answer(request: Buffer): void {
    const octets = SERVICE_FIELD.read(request);
    if (typeof octets !== 'string') {
      this.refuse(new RpcError(Status.INVALID_ARGUMENT, 'the request is malformed'));
      return;
    }
    this.service = Buffer.from(octets, 'latin1').toString('utf8');
    if (!this.watches && this.health.serves(this.service) === undefined) {
      this.refuse(new RpcError(Status.NOT_FOUND, 'no such service'));
      return;
    }
    this.stream.sendHeaders(responseHeaders, undefined, false);
    this.tell();
    if (!this.watches) this.end(Status.OK, '');
    else if (!this.health.draining) this.unwatch = this.health.watch(() => this.tell());
  }

  private tell(): void {
    const { health, stream } = this;
    const now = servingStatus(health.serves(this.service!));
    if (now !== this.told) stream.sendData(response(now), 0, RESPONSE_BYTES, false);
    this.told = now;
    if (this.watches && health.draining) this.end(Status.UNAVAILABLE, 'the router is draining');
  }

  private end(code: Status, message: string): void {
    this.onReset();
    this.stream.sendTrailers(statusTrailers(code, message));
    if (this.stream.open) this.stream.reset(ErrorCode.NO_ERROR);
  }

  private refuse(error: RpcError): void {
    this.service = '';
    rescue(this.stream, error, false);
    if (this.stream.open) this.stream.reset(ErrorCode.NO_ERROR);
  }
}

function withoutMessage(): RpcError {
  return new RpcError(Status.INVALID_ARGUMENT, 'the call ended without a request');
}

const RESPONSE_BYTES = MESSAGE_PREFIX_BYTES + 2;

/** `HealthCheckResponse{status = 1}` with its gRPC prefix. */
function response(status: ServingStatus): Buffer {
  return Buffer.from([0, 0, 0, 0, 2, 0x08, status]);
}
