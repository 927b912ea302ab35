import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import type { GrpcService } from './grpc-service.js';

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

/** What the three calls can do to the router; each returns undefined or what is wrong, for the caller. */
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

/** `afrouter.Configuration` (protos/configuration.proto), the control API of the first afrouter: failures are a field, not a status. */
export function configurationService(controls: Controls, log: Logger): GrpcService {
  const answer = async (
    rpc: string,
    change: () => string | undefined | Promise<string | undefined>,
    done: sendUnaryData<Result>,
  ): Promise<void> => {
    let error: string | undefined;
    try {
      error = await change();
    } catch (thrown) {
      // A worker that died under the change, at worst; the caller is told and the process goes on.
      error = thrown instanceof Error ? thrown.message : String(thrown);
    }
    log.info({ event: 'control_change', rpc, success: error === undefined, error }, 'change through the control API');
    done(null, { success: error === undefined, error: error ?? '' });
  };
  return {
    file: 'configuration.proto',
    name: 'afrouter.Configuration',
    handlers: {
      SetConnection: (call: ServerUnaryCall<ConnectionChange, Result>, done: sendUnaryData<Result>) =>
        answer('SetConnection', () => controls.setConnection(call.request), done),
      SetAffinity: (call: ServerUnaryCall<AffinityChange, Result>, done: sendUnaryData<Result>) =>
        answer('SetAffinity', () => controls.setAffinity(call.request), done),
      GetGoroutineCount: (_call: ServerUnaryCall<object, { count: number }>, done: sendUnaryData<{ count: number }>) =>
        done(null, { count: controls.threadCount() }),
    },
  };
}
