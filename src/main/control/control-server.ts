import { Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import type { Logger } from 'pino';
import type { CertificateMaterial } from '../../port/control-messages.js';
import type { ApiConfig } from '../config/routing-file.js';
import { ControlListener } from './control-listener.js';
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
  private config: ApiConfig;
  private readonly log: Logger;
  private readonly server: Server;
  private readonly listener: ControlListener;
  private readonly token: string | undefined;

  /**
   * @param token that every call but health checks must carry; undefined = none
   * @param handshakeMs time for a TLS handshake, in ms
   */
  constructor(
    config: ApiConfig,
    token: string | undefined,
    handshakeMs: number,
    services: readonly GrpcService[],
    log: Logger,
  ) {
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
    // What protobufjs tells of maps and of google.protobuf types is not what other tools take: our files use neither.
    const definitions = Object.assign({}, ...services.map(({ file }) => loadProtoVerbatim(file)));
    new ReflectionService(definitions, { services: services.map(({ name }) => name) }).addToServer(this.server);
    // A connection comes through its TLS handshake, if any, before it is injected.
    const injector = this.server.createConnectionInjector(ServerCredentials.createInsecure());
    this.listener = new ControlListener(config, handshakeMs, (socket) => injector.injectConnection(socket), log);
  }

  /** Opens the port. @throws Error (rejects) when it cannot be had */
  async listen(): Promise<void> {
    await this.listener.listen();
    this.warnIfOpen();
  }

  /** Takes another configuration with the same address; connections stay. */
  configure(config: ApiConfig): void {
    this.config = config;
    this.listener.configure(config);
    this.warnIfOpen();
  }

  private warnIfOpen(): void {
    const { address, port, tls } = this.config;
    if (isLoopback(address) || this.token !== undefined || tls?.clientAuth === 'require') return;
    this.log.warn(
      { event: 'control_open', address, port },
      'the control API is open to whoever reaches it: set AFROUTER_CONTROL_TOKEN_FILE, or api.tls with a ca',
    );
  }

  /** New handshakes use this; connections stay. Only with TLS. */
  renewCertificates(material: CertificateMaterial): void {
    this.listener.renewCertificates(material);
  }

  /** Closes the port at once. */
  close(): void {
    this.server.forceShutdown();
    this.listener.close();
  }
}

function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || address.startsWith('127.');
}
