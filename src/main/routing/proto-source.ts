import protobuf from 'protobufjs';
import {
  DescriptorError,
  type FieldDefinition,
  type MessageDefinition,
  type ServiceDefinition,
  ServiceDescriptor,
} from './service-descriptor.js';

/** The text of one `.proto` file. */
export interface ProtoFile {
  /** Identifies the file: a file that is imported twice is read once. */
  readonly path: string;
  readonly text: string;
}

/** Finds an imported file; undefined when there is none (its types are then unknown, which matters only if a route needs them). */
export type FindImport = (importer: ProtoFile, name: string) => ProtoFile | undefined;

/**
 * Reads `.proto` source text and what it imports. Google's well-known types need no file.
 * @throws DescriptorError on a syntax error, with the file and line
 */
export function readProtoSource(file: ProtoFile, findImport: FindImport): ServiceDescriptor {
  const root = new protobuf.Root();
  const seen = new Set<string>();
  const bundled = new Set<string>();
  const waiting = [file];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (seen.has(next.path)) continue;
    seen.add(next.path);
    for (const name of parse(root, next)) {
      const imported = findImport(next, name);
      if (imported !== undefined) waiting.push(imported);
      else addBundled(root, name, bundled);
    }
  }
  resolveWhatCanBe(root);
  return describe(root);
}

/** Adds a well-known type that no file brings, once. */
function addBundled(root: protobuf.Root, name: string, bundled: Set<string>): void {
  const definition = protobuf.common.get(name)?.nested;
  if (definition === undefined || bundled.has(name)) return;
  bundled.add(name);
  root.addJSON(definition);
}

/**
 * Lets protobufjs work out the features that an edition gives each field. It stops at the first type or extended option that no file
 * defines, after the features are done, so that is no reason to refuse the file.
 */
function resolveWhatCanBe(root: protobuf.Root): void {
  root.deferred.length = 0;
  try {
    root.resolveAll();
  } catch {
    // The unknown types are reported by name where a route needs them.
  }
}

/** @returns the names of the file's imports */
function parse(root: protobuf.Root, file: ProtoFile): readonly string[] {
  try {
    const { imports, weakImports } = protobuf.parse(file.text, root, { keepCase: true });
    return [...(imports ?? []), ...(weakImports ?? [])];
  } catch (error) {
    throw new DescriptorError(`${file.path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function describe(root: protobuf.Root): ServiceDescriptor {
  const services = new Map<string, ServiceDefinition>();
  const messages = new Map<string, MessageDefinition>();
  const waiting: protobuf.ReflectionObject[] = [...root.nestedArray];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next instanceof protobuf.Type) {
      const fields = new Map(next.fieldsArray.map((field) => [field.name, fieldDefinition(field)]));
      messages.set(fullName(next), { name: fullName(next), fields });
    } else if (next instanceof protobuf.Service) {
      const service = serviceDefinition(next);
      services.set(service.name, service);
    }
    if (next instanceof protobuf.Namespace) waiting.push(...next.nestedArray);
  }
  return new ServiceDescriptor(services, messages);
}

function serviceDefinition(service: protobuf.Service): ServiceDefinition {
  const methods = service.methodsArray.map((method) => ({
    name: method.name,
    requestStream: method.requestStream === true,
    responseStream: method.responseStream === true,
    requestType: messageName(service, method.requestType),
    responseType: messageName(service, method.responseType),
  }));
  return { name: fullName(service), methods: new Map(methods.map((method) => [method.name, method])) };
}

function fieldDefinition(field: protobuf.Field): FieldDefinition {
  const shape = typeOf(field);
  return { name: field.name, number: field.id, repeated: field.repeated || field.map, ...shape };
}

/** `delimited` is a proto2 group, or an editions field with `features.message_encoding = DELIMITED`. */
function typeOf(field: protobuf.Field): { type: string; messageType: string } {
  if (field.type in protobuf.types.basic) return { type: field.type, messageType: '' };
  const target = field.parent?.lookup(field.type, [protobuf.Type, protobuf.Enum]) ?? null;
  if (target instanceof protobuf.Enum) return { type: 'enum', messageType: '' };
  if (!(target instanceof protobuf.Type)) return { type: 'message', messageType: field.type };
  return { type: field.resolve().delimited ? 'group' : 'message', messageType: fullName(target) };
}

/** A type's full name as seen from a scope; the name as written when no file defines it. */
function messageName(scope: protobuf.NamespaceBase, name: string): string {
  const target = scope.lookup(name, [protobuf.Type]);
  return target === null ? name.replace(/^\./, '') : fullName(target);
}

/** Full name without protobufjs's leading dot. */
function fullName(object: protobuf.ReflectionObject): string {
  return object.fullName.slice(1);
}
