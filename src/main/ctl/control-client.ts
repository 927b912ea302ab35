import { readFileSync } from 'node:fs';
import {
  type ChannelCredentials,
  Client,
  type ClientReadableStream,
  credentials,
  Metadata,
  type MethodDefinition,
  type ServiceDefinition,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadProto } from '../control/grpc-service.js';

/** How long one answer may take, in ms. */
const DEADLINE_MS = 10_000;

/** Where the router is and how to speak to it. */
export interface ControlTarget {
  /** `host:port`. */
  readonly address: string;
  readonly token: string | undefined;
  readonly tls: ControlTls | undefined;
}

/** Paths of PEM files; undefined where there is none. */
export interface ControlTls {
  /** Authorities to trust; undefined = those that Node.js ships with. */
  readonly ca: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  /** The name that the router's certificate must have, when it is not the address. */
  readonly serverName: string | undefined;
}

type Service = 'afrouter.v1.Control' | 'afrouter.Configuration';
type Message = Readonly<Record<string, unknown>>;

/** A client of the control API. */
export class ControlClient {
  private readonly client: Client;
  private readonly metadata = new Metadata();
  private readonly definitions = { ...loadProto('control.proto'), ...loadProto('configuration.proto') };

  /** @throws Error when a file cannot be read */
  constructor({ address, token, tls }: ControlTarget) {
    if (token !== undefined) this.metadata.set('authorization', `Bearer ${token}`);
    this.client = new Client(address, channelCredentials(tls), {
      'grpc.enable_http_proxy': 0,
      'grpc.enable_retries': 0,
      ...(tls?.serverName === undefined ? {} : { 'grpc.ssl_target_name_override': tls.serverName }),
    });
  }

  /**
   * Makes one call.
   * @throws ServiceError (rejects) with the status
   */
  call<Res>(method: string, request: object = {}, service: Service = 'afrouter.v1.Control'): Promise<Res> {
    const { path, requestSerialize, responseDeserialize } = this.definition(service, method);
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request as Message,
        this.metadata,
        { deadline: Date.now() + DEADLINE_MS },
        (error: ServiceError | null, response) => {
          if (error !== null) reject(error);
          else resolve(response as Res);
        },
      );
    });
  }

  /** Begins a call whose answers do not end by themselves. */
  watch<Res>(method: string, request: object): ClientReadableStream<Res> {
    const { path, requestSerialize, responseDeserialize } = this.definition('afrouter.v1.Control', method);
    return this.client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize as (bytes: Buffer) => Message,
      request as Message,
      this.metadata,
    ) as ClientReadableStream<Res>;
  }

  private definition(service: Service, method: string): MethodDefinition<Message, Message> {
    return (this.definitions[service] as ServiceDefinition)[method] as MethodDefinition<Message, Message>;
  }

  close(): void {
    this.client.close();
  }
}

function channelCredentials(tls: ControlTls | undefined): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  const read = (path: string | undefined): Buffer | null => (path === undefined ? null : readFileSync(path));
  return credentials.createSsl(read(tls.ca), read(tls.key), read(tls.certificate));
}
