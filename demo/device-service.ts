import { fileURLToPath } from 'node:url';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

/** Metadata key of the transaction id, as config/demo.json has it. */
export const SERIAL_KEY = 'demo-serial';
/** Metadata key that names the shard a client is bound to. */
export const BINDING_KEY = 'demo-backend';

/** Seen from dist/demo. */
const PROTO = fileURLToPath(new URL('../../protos/device.proto', import.meta.url));

export interface Device {
  readonly id: string;
  readonly name: string;
  readonly replica: string;
}

export interface DeviceEvent {
  readonly id: string;
  readonly replica: string;
  readonly serial: string;
  readonly text: string;
}

/** What a replica tells the demo about itself. */
export type ReplicaNews =
  | { readonly kind: 'listening' }
  | { readonly kind: 'received'; readonly method: string; readonly serial: string; readonly about: string };

export function loadDeviceService(): ServiceDefinition {
  return loadSync(PROTO, { defaults: true })['afrouter.demo.DeviceService'] as ServiceDefinition;
}
