import { type ServerUnaryCall, type ServerWritableStream, type sendUnaryData, status } from '@grpc/grpc-js';
import { type HealthSource, type ServingStatus, servingStatus } from '../health/health-source.js';
import type { GrpcService } from './grpc-service.js';

interface HealthRequest {
  readonly service: string;
}

interface HealthResponse {
  readonly status: ServingStatus;
}

/** `grpc.health.v1.Health` (protos/health.proto). */
export function healthService(health: HealthSource): GrpcService {
  return {
    file: 'health.proto',
    name: 'grpc.health.v1.Health',
    handlers: {
      Check: (call: ServerUnaryCall<HealthRequest, HealthResponse>, done: sendUnaryData<HealthResponse>) => {
        const serves = health.serves(call.request.service);
        if (serves === undefined) done({ code: status.NOT_FOUND, details: 'no such service' });
        else done(null, { status: servingStatus(serves) });
      },
      Watch: (call: ServerWritableStream<HealthRequest, HealthResponse>) => watch(call, health),
    },
  };
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
