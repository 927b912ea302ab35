/**
 * What the router knows of protobuf services: which methods stream, and the numbers of the fields that routes look at. A plain
 * model that two readers fill: descriptor-set.ts (a compiled `FileDescriptorSet`) and proto-source.ts (`.proto` text). No I/O.
 */
import type { RoutingFieldConfig, RoutingFieldType } from '../config/routing-file.js';

/** A definition that cannot be read at all; the message says why. */
export class DescriptorError extends Error {
  override readonly name = 'DescriptorError';
}

export interface ServiceDefinition {
  /** Full name without a leading dot: `voltha.VolthaService`. */
  readonly name: string;
  readonly methods: ReadonlyMap<string, MethodDefinition>;
}

export interface MethodDefinition {
  readonly name: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  /** Full name of the request message, without a leading dot. */
  readonly requestType: string;
  /** Full name of the response message, without a leading dot. */
  readonly responseType: string;
}

export interface MessageDefinition {
  readonly name: string;
  readonly fields: ReadonlyMap<string, FieldDefinition>;
}

export interface FieldDefinition {
  readonly name: string;
  /** 1–536870911. */
  readonly number: number;
  /** A scalar type as protobuf writes it (`uint32`), or `message`, `group` (also an editions field that is delimited) or `enum`. */
  readonly type: string;
  /** Full name of the message, for `message` and `group`; otherwise ''. */
  readonly messageType: string;
  /** Repeated, or a map. */
  readonly repeated: boolean;
}

/** Why a path is no routing field: both halves of an error message. */
export interface FieldProblem {
  readonly found: string;
  readonly allowed: string;
}

/** What a call is keyed by must be comparable: no floats, bools, bytes or enums. */
const ROUTING_TYPES: ReadonlySet<string> = new Set<RoutingFieldType>([
  'string',
  'int32',
  'int64',
  'uint32',
  'uint64',
  'sint32',
  'sint64',
  'fixed32',
  'fixed64',
  'sfixed32',
  'sfixed64',
]);

const ROUTING_TYPES_TEXT = 'a single string or integer field';

export function isFieldProblem(result: RoutingFieldConfig | FieldProblem): result is FieldProblem {
  return 'found' in result;
}

/** The services and messages of one `proto_descriptor`. Immutable. */
export class ServiceDescriptor {
  constructor(
    private readonly services: ReadonlyMap<string, ServiceDefinition>,
    private readonly messages: ReadonlyMap<string, MessageDefinition>,
  ) {}

  /** Full names of all services, sorted. */
  get serviceNames(): readonly string[] {
    return [...this.services.keys()].sort();
  }

  /** @param name full name, `package.Service`, or `Service` when the package is empty */
  service(name: string): ServiceDefinition | undefined {
    return this.services.get(name);
  }

  /** @param messageType full name */
  hasField(messageType: string, field: string): boolean {
    return this.messages.get(messageType)?.fields.has(field) ?? false;
  }

  /**
   * Compiles a field path to field numbers.
   * @param messageType full name of the message it starts at
   * @param path field names as in the `.proto` file, joined by dots: `id`, `device.id`
   */
  resolveField(messageType: string, path: string): RoutingFieldConfig | FieldProblem {
    const names = path.split('.');
    const numbers: number[] = [];
    let type = messageType;
    for (const [depth, name] of names.entries()) {
      const message = this.messages.get(type);
      if (message === undefined) return unknownMessage(type);
      const field = message.fields.get(name);
      if (field === undefined) return unknownField(message, name);
      const here = `field '${name}' of message ${message.name}`;
      if (field.repeated) return { found: `${here}, which is repeated`, allowed: ROUTING_TYPES_TEXT };
      numbers.push(field.number);
      if (depth === names.length - 1) {
        if (!ROUTING_TYPES.has(field.type))
          return { found: `${here} of type ${field.type}`, allowed: ROUTING_TYPES_TEXT };
        return { path, numbers, type: field.type as RoutingFieldType };
      }
      if (field.type !== 'message') {
        return {
          found: `${here} of type ${field.type}`,
          allowed: `a message field, because '${path}' goes on below it`,
        };
      }
      type = field.messageType;
    }
    return { found: `the path '${path}'`, allowed: ROUTING_TYPES_TEXT };
  }
}

function unknownMessage(type: string): FieldProblem {
  return {
    found: `message ${type}, which the proto_descriptor does not define`,
    allowed: 'a proto_descriptor that holds every import (protoc --include_imports)',
  };
}

function unknownField(message: MessageDefinition, name: string): FieldProblem {
  const names = [...message.fields.keys()];
  return {
    found: `message ${message.name}, which has no field '${name}'`,
    allowed: names.length === 0 ? 'a message that has fields' : `one of its fields: ${names.join(', ')}`,
  };
}
