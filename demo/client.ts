import {
  Client,
  type ClientReadableStream,
  credentials,
  Metadata,
  type MethodDefinition,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import { type DeviceEvent, loadDeviceService } from './device-service.js';

const DEADLINE_MS = 5000;

export interface Answer<Res> {
  readonly message: Res;
  readonly headers: Metadata;
}

/** A server stream that stays open, with everything it brought until now. */
export interface Watch {
  readonly events: readonly DeviceEvent[];
  /** Set when the stream has ended. */
  readonly ended: () => Error | undefined;
  close(): void;
}

/** An ordinary gRPC client of the device service: it knows nothing of shards and replicas. */
export class DeviceClient {
  private readonly client: Client;
  private readonly service: ServiceDefinition = loadDeviceService();

  constructor(port: number) {
    this.client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), { 'grpc.enable_http_proxy': 0 });
  }

  unary<Req, Res>(method: string, request: Req, metadata: Readonly<Record<string, string>> = {}): Promise<Answer<Res>> {
    const { path, requestSerialize, responseDeserialize } = this.method<Req, Res>(method);
    return new Promise((resolve, reject) => {
      let headers = new Metadata();
      const call = this.client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        toMetadata(metadata),
        { deadline: Date.now() + DEADLINE_MS },
        (error, message) => (error !== null ? reject(error) : resolve({ message: message!, headers })),
      );
      call.on('metadata', (received: Metadata) => {
        headers = received;
      });
    });
  }

  /** Opens a server stream of events. */
  watch<Req>(method: string, request: Req, metadata: Readonly<Record<string, string>> = {}): Watch {
    const { path, requestSerialize, responseDeserialize } = this.method<Req, DeviceEvent>(method);
    const stream: ClientReadableStream<DeviceEvent> = this.client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      toMetadata(metadata),
      {},
    );
    const events: DeviceEvent[] = [];
    let over: Error | undefined;
    stream.on('data', (event: DeviceEvent) => events.push(event));
    stream.on('end', () => {
      over ??= new Error('the stream ended');
    });
    stream.on('error', (error) => {
      over = error;
    });
    return { events, ended: () => over, close: () => stream.cancel() };
  }

  close(): void {
    this.client.close();
  }

  private method<Req, Res>(name: string): MethodDefinition<Req, Res> {
    return this.service[name] as MethodDefinition<Req, Res>;
  }
}

function toMetadata(fields: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(fields)) metadata.set(key, value);
  return metadata;
}
