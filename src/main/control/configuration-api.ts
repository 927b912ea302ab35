import type { ServiceClientConstructor } from '@grpc/grpc-js';
import {
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { Logger } from 'pino';
import type { ApiConfig } from '../config/routing-file.js';
import type { HealthSource } from '../health/health-source.js';
import { packageFile } from '../package-file.js';
import { addHealthService } from './health-service.js';

/** `afrouter.Conn`: a connection's new address. `server`, `pkg` and `svc` are part of the old wire contract and name nothing. */
export interface ConnectionChange {
  readonly cluster: string;
  readonly backend: string;
  readonly connection: string;
  readonly addr: string;
  readonly port: number;
}

/** `afrouter.Affinity`: a key and the backend it belongs to. */
export interface AffinityChange {
  readonly router: string;
  readonly route: string;
  readonly cluster: string;
  readonly backend: string;
  readonly id: string;
}

/** What the control API can do to the router; each returns undefined or what is wrong, for the caller. */
export interface Controls {
  setConnection(change: ConnectionChange): Promise<string | undefined>;
  setAffinity(change: AffinityChange): string | undefined;
  /** Threads of this process that run our code. */
  threadCount(): number;
}

interface Result {
  success: boolean;
  error: string;
}

/**
 * The gRPC service `afrouter.Configuration` (protos/configuration.proto) and the standard health service, on a port of their own. It is served by
 * @grpc/grpc-js: nothing here is on the path of a call.
 */
export class ConfigurationApi {
  private readonly config: ApiConfig;
  private readonly controls: Controls;
  private readonly log: Logger;
  private readonly server = new Server();

  constructor(config: ApiConfig, controls: Controls, health: HealthSource, log: Logger) {
    this.config = config;
    this.controls = controls;
    this.log = log;
    const definition = loadSync(packageFile('protos/configuration.proto'), { longs: Number, defaults: true });
    const root = loadPackageDefinition(definition) as unknown as {
      afrouter: { Configuration: ServiceClientConstructor };
    };
    this.server.addService(root.afrouter.Configuration.service, {
      SetConnection: (call: ServerUnaryCall<ConnectionChange, Result>, done: sendUnaryData<Result>) =>
        this.answer('SetConnection', () => this.controls.setConnection(call.request), done),
      SetAffinity: (call: ServerUnaryCall<AffinityChange, Result>, done: sendUnaryData<Result>) =>
        this.answer('SetAffinity', () => this.controls.setAffinity(call.request), done),
      GetGoroutineCount: (_call: ServerUnaryCall<object, { count: number }>, done: sendUnaryData<{ count: number }>) =>
        done(null, { count: this.controls.threadCount() }),
    });
    addHealthService(this.server, health);
  }

  private async answer(
    rpc: string,
    change: () => string | undefined | Promise<string | undefined>,
    done: sendUnaryData<Result>,
  ): Promise<void> {
    let error: string | undefined;
    try {
      error = await change();
    } catch (thrown) {
      // A worker that died under the change, at worst; the caller is told and the process goes on.
      error = thrown instanceof Error ? thrown.message : String(thrown);
    }
    this.log.info(
      { event: 'control_change', rpc, success: error === undefined, error },
      'change through the control API',
    );
    done(null, { success: error === undefined, error: error ?? '' });
  }

  /** Opens the port. @throws Error (rejects) when it cannot be had */
  listen(): Promise<void> {
    const { address, port } = this.config;
    const host = address === '' ? '[::]' : address.includes(':') ? `[${address}]` : address;
    return new Promise((resolve, reject) => {
      this.server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error) => {
        if (error !== null) reject(error);
        else resolve();
      });
    });
  }

  /** Closes the port at once. */
  close(): void {
    this.server.forceShutdown();
  }
}
