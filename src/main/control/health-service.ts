import {
  loadPackageDefinition,
  type Server,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceClientConstructor,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { type HealthSource, type ServingStatus, servingStatus } from '../health/health-source.js';
import { packageFile } from '../package-file.js';

interface HealthRequest {
  readonly service: string;
}

interface HealthResponse {
  readonly status: ServingStatus;
}

/** Serves `grpc.health.v1.Health` (protos/health.proto) on a server of @grpc/grpc-js. */
export function addHealthService(server: Server, health: HealthSource): void {
  const definition = loadSync(packageFile('protos/health.proto'), { defaults: true });
  const root = loadPackageDefinition(definition) as unknown as {
    grpc: { health: { v1: { Health: ServiceClientConstructor } } };
  };
  server.addService(root.grpc.health.v1.Health.service, {
    Check: (call: ServerUnaryCall<HealthRequest, HealthResponse>, done: sendUnaryData<HealthResponse>) => {
      const serves = health.serves(call.request.service);
      if (serves === undefined) done({ code: status.NOT_FOUND, details: 'no such service' });
      else done(null, { status: servingStatus(serves) });
    },
    Watch: (call: ServerWritableStream<HealthRequest, HealthResponse>) => watch(call, health),
  });
}

/** Says the status at once and whenever it has changed, until the client goes or the server shuts down. */
function watch(call: ServerWritableStream<HealthRequest, HealthResponse>, health: HealthSource): void {
  let told: ServingStatus | undefined;
  const tell = (): void => {
    const now = servingStatus(health.serves(call.request.service));
    if (now === told) return;
    told = now;
    call.write({ status: now });
  };
  const unwatch = health.watch(tell);
  call.on('cancelled', unwatch);
  call.on('close', unwatch);
  call.on('error', unwatch);
  tell();
}
