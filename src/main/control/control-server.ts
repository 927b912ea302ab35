import { Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import type { Logger } from 'pino';
import type { ApiConfig } from '../config/routing-file.js';
import { type GrpcService, loadProto, loadProtoVerbatim } from './grpc-service.js';
import { requireToken } from './require-token.js';

/** Requests hold names and keys; whoever sends more is refused before it is parsed. */
const MAX_REQUEST_BYTES = 64 * 1024;
const MAX_METADATA_BYTES = 16 * 1024;
const MAX_CONCURRENT_STREAMS = 100;

/**
 * The gRPC server of the control port. It is @grpc/grpc-js: nothing here is on the path of a call. Reflection (v1 and
 * v1alpha) tells tools like grpcurl what is served.
 */
export class ControlServer {
  private readonly config: ApiConfig;
  private readonly log: Logger;
  private readonly server: Server;
  private readonly token: string | undefined;

  /** @param token that every call but health checks must carry; undefined = none */
  constructor(config: ApiConfig, token: string | undefined, services: readonly GrpcService[], log: Logger) {
    this.config = config;
    this.log = log;
    this.token = token;
    this.server = new Server({
      'grpc.max_receive_message_length': MAX_REQUEST_BYTES,
      'grpc.max_concurrent_streams': MAX_CONCURRENT_STREAMS,
      'grpc.max_metadata_size': MAX_METADATA_BYTES,
      interceptors: token === undefined ? [] : [requireToken(token)],
    });
    for (const { file, name, handlers } of services) {
      this.server.addService(loadProto(file)[name] as ServiceDefinition, handlers);
    }
    const definitions = Object.assign({}, ...services.map(({ file }) => loadProtoVerbatim(file)));
    new ReflectionService(definitions, { services: services.map(({ name }) => name) }).addToServer(this.server);
  }

  /** Opens the port. @throws Error (rejects) when it cannot be had */
  async listen(): Promise<void> {
    const { address, port } = this.config;
    const host = address.includes(':') ? `[${address}]` : address;
    await new Promise<void>((resolve, reject) => {
      this.server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error) => {
        if (error !== null) reject(error);
        else resolve();
      });
    });
    if (!isLoopback(address) && this.token === undefined) {
      this.log.warn(
        { event: 'control_open', address, port },
        'the control API is open to whoever reaches it: set AFROUTER_CONTROL_TOKEN_FILE',
      );
    }
  }

  /** Closes the port at once. */
  close(): void {
    this.server.forceShutdown();
  }
}

function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || address.startsWith('127.');
}
