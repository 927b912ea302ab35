import {
  type CallOptions,
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  type StatusObject,
} from '@grpc/grpc-js';
import { type EchoRequest, type EchoResponse, echoService } from './echo.js';
import { PATIENCE_MS, within } from './eventually.js';
import type { Message, Service } from './service.js';

/** How a call ended, as a client sees it. */
export interface Outcome<Res> {
  readonly code: number;
  readonly details: string;
  /** Undefined for a Trailers-Only answer. */
  readonly headers: Metadata | undefined;
  readonly trailers: Metadata;
  readonly messages: readonly Res[];
}

export type MetadataInput = Readonly<Record<string, string | Buffer | readonly string[]>>;

export interface CallSettings {
  readonly metadata?: MetadataInput;
  /** In ms from now. */
  readonly deadlineMs?: number;
}

/** A call in progress; every kind of method is driven as a stream. */
export class OpenCall<Req, Res> {
  readonly stream: ClientDuplexStream<Req, Res>;
  readonly messages: Res[] = [];
  headers: Metadata | undefined;
  /** Resolves when the call has ended, in whatever way. */
  readonly outcome: Promise<Outcome<Res>>;
  private waiters: (() => void)[] = [];
  private over = false;

  constructor(stream: ClientDuplexStream<Req, Res>) {
    this.stream = stream;
    stream.on('metadata', (metadata: Metadata) => {
      this.headers = metadata;
      this.wake();
    });
    stream.on('data', (message: Res) => {
      this.messages.push(message);
      this.wake();
    });
    stream.on('error', () => {});
    this.outcome = new Promise((resolve) => {
      stream.on('status', (status: StatusObject) => {
        this.over = true;
        const { code, details, metadata } = status;
        // grpc-js reports the headers of a Trailers-Only answer as trailers only.
        resolve({ code, details, headers: this.headers, trailers: metadata, messages: this.messages });
        this.wake();
      });
    });
  }

  send(...requests: Req[]): this {
    for (const request of requests) this.stream.write(request);
    return this;
  }

  halfClose(): this {
    this.stream.end();
    return this;
  }

  cancel(): void {
    this.stream.cancel();
  }

  /** Waits for the response headers. */
  async untilHeaders(): Promise<Metadata> {
    await this.until('response headers', () => this.headers !== undefined);
    return this.headers!;
  }

  /** Waits for that many messages. */
  async untilMessages(count: number): Promise<readonly Res[]> {
    await this.until(`${count} response messages`, () => this.messages.length >= count);
    return this.messages;
  }

  private async until(what: string, condition: () => boolean): Promise<void> {
    await within(
      what,
      (async () => {
        while (!condition()) {
          if (this.over) {
            const { code, details } = await this.outcome;
            throw new Error(`the call ended before its ${what}: status ${code}: ${details}`);
          }
          await new Promise<void>((resolve) => this.waiters.push(resolve));
        }
      })(),
    );
  }

  private wake(): void {
    const waiters = this.waiters;
    this.waiters = [];
    for (const waiter of waiters) waiter();
  }
}

/** A real gRPC client (@grpc/grpc-js) of one service; `stop` when done. */
export class ServiceClient<Req = Message, Res = Message> {
  private readonly client: Client;
  readonly service: Service;

  /**
   * @param port of one server here, or a whole target
   * @param secured with TLS the router must have a certificate for `localhost`
   * @param options what differs from a client that shows every failure: no retries, its own connection
   */
  constructor(
    service: Service,
    port: number | string,
    secured: ChannelCredentials = credentials.createInsecure(),
    options: ChannelOptions = {},
  ) {
    this.service = service;
    this.client = new Client(typeof port === 'number' ? `127.0.0.1:${port}` : port, secured, {
      'grpc.ssl_target_name_override': 'localhost',
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
      'grpc.enable_http_proxy': 0,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 500,
      ...options,
    });
  }

  /** The untyped client, for tests of its own call methods. */
  get raw(): Client {
    return this.client;
  }

  /** Opens a call and sends nothing yet. */
  open(method: string, settings: CallSettings = {}): OpenCall<Req, Res> {
    const definition = this.service[method];
    if (definition === undefined) throw new Error(`no method ${method}`);
    return this.openPath(
      definition.path,
      definition.requestSerialize as unknown as (request: Req) => Buffer,
      definition.responseDeserialize as unknown as (bytes: Buffer) => Res,
      settings,
    );
  }

  /** Opens a call to any path. */
  openPath(
    path: string,
    serialize: (request: Req) => Buffer,
    deserialize: (bytes: Buffer) => Res,
    settings: CallSettings = {},
  ): OpenCall<Req, Res> {
    const options: CallOptions = { deadline: Date.now() + (settings.deadlineMs ?? 2 * PATIENCE_MS) };
    return new OpenCall(
      this.client.makeBidiStreamRequest(path, serialize, deserialize, metadataOf(settings.metadata), options),
    );
  }

  /** Makes a whole call: sends the requests, half-closes, waits for the end. */
  async call(method: string, requests: Req | readonly Req[], settings?: CallSettings): Promise<Outcome<Res>> {
    const call = this.open(method, settings);
    const all = (Array.isArray(requests) ? requests : [requests]) as readonly Req[];
    return call.send(...all).halfClose().outcome;
  }

  stop(): void {
    this.client.close();
  }
}

export class EchoClient extends ServiceClient<EchoRequest, EchoResponse> {
  constructor(port: number | string, secured?: ChannelCredentials, options?: ChannelOptions) {
    super(echoService, port, secured, options);
  }
}

export function metadataOf(input: MetadataInput = {}): Metadata {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(input)) {
    if (typeof value === 'string' || Buffer.isBuffer(value)) metadata.add(key, value);
    else for (const each of value) metadata.add(key, each);
  }
  return metadata;
}
