import type { Type } from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor.js';
import {
  DescriptorError,
  type FieldDefinition,
  type MessageDefinition,
  type MethodDefinition,
  type ServiceDefinition,
  ServiceDescriptor,
} from './service-descriptor.js';

/*
 * The set is read field by field instead of with protobufjs's `Root.fromDescriptor`: that resolves every type of every file, so a
 * set without --include_imports, or with an option nobody needs, would be refused as a whole.
 */

/** The parts of descriptor.proto that are read here, as protobufjs gives them (camel case, enums as numbers). */
interface FileDescriptorProto {
  readonly package?: string;
  readonly messageType?: readonly DescriptorProto[];
  readonly service?: readonly ServiceDescriptorProto[];
  readonly options?: Options;
}

interface DescriptorProto {
  readonly name: string;
  readonly field?: readonly FieldDescriptorProto[];
  readonly nestedType?: readonly DescriptorProto[];
}

interface FieldDescriptorProto {
  readonly name: string;
  readonly number: number;
  readonly label?: number;
  readonly type?: number;
  readonly typeName?: string;
  readonly options?: Options;
}

interface Options {
  readonly features?: { readonly messageEncoding?: number };
}

interface ServiceDescriptorProto {
  readonly name: string;
  readonly method?: readonly MethodDescriptorProto[];
}

interface MethodDescriptorProto {
  readonly name: string;
  readonly inputType: string;
  readonly outputType: string;
  readonly clientStreaming?: boolean;
  readonly serverStreaming?: boolean;
}

/** `FieldDescriptorProto.Type` 1–18, by number. */
const TYPE_NAMES = [
  'unknown',
  'double',
  'float',
  'int64',
  'uint64',
  'int32',
  'fixed64',
  'fixed32',
  'bool',
  'string',
  'group',
  'message',
  'bytes',
  'uint32',
  'enum',
  'sfixed32',
  'sfixed64',
  'sint32',
  'sint64',
];

/** `FieldDescriptorProto.Label.LABEL_REPEATED`; a map field is repeated too. */
const LABEL_REPEATED = 3;

/** `FeatureSet.MessageEncoding.DELIMITED`: in editions, a message field that is encoded as a group. */
const DELIMITED = 2;

/**
 * Reads a compiled `FileDescriptorSet` (`protoc --descriptor_set_out`).
 * @throws DescriptorError when the bytes are something else
 */
export function readDescriptorSet(bytes: Uint8Array): ServiceDescriptor {
  const files = decode(bytes);
  const services = new Map<string, ServiceDefinition>();
  const messages = new Map<string, MessageDefinition>();
  for (const file of files) {
    const scope = file.package ? `${file.package}.` : '';
    const delimited = file.options?.features?.messageEncoding === DELIMITED;
    for (const message of file.messageType ?? []) addMessage(messages, scope, message, delimited);
    for (const service of file.service ?? []) {
      const name = scope + service.name;
      const methods = new Map((service.method ?? []).map((method) => [method.name, methodDefinition(method)]));
      services.set(name, { name, methods });
    }
  }
  return new ServiceDescriptor(services, messages);
}

function decode(bytes: Uint8Array): readonly FileDescriptorProto[] {
  const type: Type = descriptor.FileDescriptorSet;
  let files: readonly FileDescriptorProto[] | undefined;
  try {
    files = (type.toObject(type.decode(bytes)) as { file?: readonly FileDescriptorProto[] }).file;
  } catch (error) {
    throw new DescriptorError(error instanceof Error ? error.message : String(error));
  }
  // Almost any short text decodes as a message of unknown fields: then there are no files in it.
  if (files === undefined || files.length === 0) throw new DescriptorError('it describes no file');
  return files;
}

function addMessage(
  messages: Map<string, MessageDefinition>,
  scope: string,
  message: DescriptorProto,
  delimited: boolean,
): void {
  const name = scope + message.name;
  const fields = new Map((message.field ?? []).map((field) => [field.name, fieldDefinition(field, delimited)]));
  messages.set(name, { name, fields });
  for (const nested of message.nestedType ?? []) addMessage(messages, `${name}.`, nested, delimited);
}

function fieldDefinition(field: FieldDescriptorProto, fileDelimited: boolean): FieldDefinition {
  const type = TYPE_NAMES[field.type ?? 0] ?? 'unknown';
  const encoding = field.options?.features?.messageEncoding;
  const delimited = encoding === undefined ? fileDelimited : encoding === DELIMITED;
  return {
    name: field.name,
    number: field.number,
    type: type === 'message' && delimited ? 'group' : type,
    messageType: type === 'message' || type === 'group' ? withoutDot(field.typeName ?? '') : '',
    repeated: field.label === LABEL_REPEATED,
  };
}

function methodDefinition(method: MethodDescriptorProto): MethodDefinition {
  return {
    name: method.name,
    requestStream: method.clientStreaming === true,
    responseStream: method.serverStreaming === true,
    requestType: withoutDot(method.inputType),
    responseType: withoutDot(method.outputType),
  };
}

function withoutDot(typeName: string): string {
  return typeName.startsWith('.') ? typeName.slice(1) : typeName;
}
