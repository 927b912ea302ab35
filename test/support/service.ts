import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import { type AnyDefinition, loadFileDescriptorSetFromBuffer, loadSync } from '@grpc/proto-loader';
import { inRepository } from './paths.js';

/** A decoded message: camelCase names, defaults filled in, 64-bit integers as text, bytes as Buffer. */
export type Message = Readonly<Record<string, unknown>>;
export type Method = MethodDefinition<Message, Message>;
export type Service = Readonly<Record<string, Method>>;

const options = { longs: String, enums: String, defaults: true, includeDirs: [] as string[] };

/** Loads a service of a file in protos/. */
export function loadService(file: string, name: string): Service {
  return pick(loadSync(inRepository(`protos/${file}`), options), name);
}

/** Loads a service of a compiled FileDescriptorSet. */
export function loadServiceFromDescriptorSet(set: Buffer, name: string): Service {
  return pick(loadFileDescriptorSetFromBuffer(set, options), name);
}

function pick(definitions: Record<string, AnyDefinition>, name: string): Service {
  const found = definitions[name];
  if (found === undefined || 'format' in found) throw new Error(`no service ${name}`);
  return found as ServiceDefinition as Service;
}
