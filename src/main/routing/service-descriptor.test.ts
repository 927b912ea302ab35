import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import descriptor from 'protobufjs/ext/descriptor.js';
import { inRepository } from '../../../test/support/paths.js';
import { SHOP_PROTO } from '../../../test/support/routing-fixture.js';
import { readDescriptorSet } from './descriptor-set.js';
import { type ProtoFile, readProtoSource } from './proto-source.js';
import { DescriptorError, isFieldProblem, type ServiceDescriptor } from './service-descriptor.js';

const TYPE = { string: 9, group: 10, message: 11, int32: 5, enum: 14, bool: 8 };
const REPEATED = 3;

/** The bytes of a FileDescriptorSet with these files, as descriptor.proto names their fields (camel case). */
function descriptorSet(...file: object[]): Uint8Array {
  const type = descriptor.FileDescriptorSet;
  return type.encode(type.fromObject({ file })).finish();
}

/** A .proto text with further files that it can import. */
function source(text: string, files: Readonly<Record<string, string>> = {}): ServiceDescriptor {
  return readProtoSource({ path: 'main.proto', text }, (_importer: ProtoFile, name) =>
    Object.hasOwn(files, name) ? { path: name, text: files[name] } : undefined,
  );
}

function found(definitions: ServiceDescriptor, message: string, path: string): string {
  const result = definitions.resolveField(message, path);
  assert.ok(isFieldProblem(result), `${path} is a field`);
  return result.found;
}

test('methods say which side streams, and full names of their messages', () => {
  const methods = source(SHOP_PROTO).service('test.shop.Shop')?.methods;
  assert.deepEqual(methods?.get('Upload'), {
    name: 'Upload',
    requestStream: true,
    responseStream: false,
    requestType: 'test.shop.Line',
    responseType: 'test.shop.Receipt',
  });
  assert.deepEqual(methods?.get('List'), {
    name: 'List',
    requestStream: false,
    responseStream: true,
    requestType: 'google.protobuf.Empty',
    responseType: 'test.shop.Order',
  });
  assert.equal(methods?.get('nope'), undefined);
});

test('a path becomes the numbers of its fields', () => {
  const shop = source(SHOP_PROTO);
  assert.deepEqual(shop.resolveField('test.shop.Order', 'parent.id'), {
    path: 'parent.id',
    numbers: [20, 1],
    type: 'string',
  });
  assert.deepEqual(shop.resolveField('test.shop.Order', 'serial'), { path: 'serial', numbers: [5], type: 'uint64' });
});

test('every integer type is a routing field, other types are not', () => {
  const integers = [
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
  ];
  const others = ['float', 'double', 'bool', 'bytes', 'Kind', 'M'];
  const fields = ['string', ...integers, ...others].map((type, index) => `${type} f_${type} = ${index + 1};`);
  const definitions = source(`syntax = "proto3"; enum Kind { A = 0; } message M { ${fields.join(' ')} }`);
  for (const [index, type] of ['string', ...integers].entries()) {
    assert.deepEqual(definitions.resolveField('M', `f_${type}`), { path: `f_${type}`, numbers: [index + 1], type });
  }
  const shown = others.map((type) => found(definitions, 'M', `f_${type}`).replace(/^.* of type /, ''));
  assert.deepEqual(shown, ['float', 'double', 'bool', 'bytes', 'enum', 'message']);
});

test('names of fields stay as the file writes them', () => {
  const definitions = source('syntax = "proto3"; message M { string device_id = 1; }');
  assert.deepEqual(definitions.resolveField('M', 'device_id'), { path: 'device_id', numbers: [1], type: 'string' });
  assert.match(found(definitions, 'M', 'deviceId'), /no field 'deviceId'/);
});

test('an empty package, nested types, oneofs, extensions and names that hide each other', () => {
  const definitions = source(`
    syntax = "proto2";
    service S { rpc Do(Outer.Inner) returns (.Outer); }
    message Inner { optional int32 wrong = 1; }
    message Outer {
      optional Inner inner = 1;
      oneof choice { string name = 2; int32 code = 3; }
      message Inner { optional string id = 16; extensions 100 to 200; }
    }
    extend Outer.Inner { optional string extra = 100; }
  `);
  const method = definitions.service('S')?.methods.get('Do');
  assert.deepEqual([method?.requestType, method?.responseType], ['Outer.Inner', 'Outer']);
  assert.deepEqual(definitions.resolveField('Outer', 'inner.id'), {
    path: 'inner.id',
    numbers: [1, 16],
    type: 'string',
  });
  assert.deepEqual(definitions.resolveField('Outer', 'code'), { path: 'code', numbers: [3], type: 'int32' });
});

test('a group is no step of a path, in proto2 and in editions', () => {
  const proto2 = source('syntax = "proto2"; message M { optional group Data = 1 { optional string id = 2; } }');
  assert.match(found(proto2, 'M', 'data.id'), /of type group/);
  const edition = source(`edition = "2023"; message D { string id = 2; }
    message M { D a = 1 [features.message_encoding = DELIMITED]; D b = 2; }`);
  assert.match(found(edition, 'M', 'a.id'), /of type group/);
  assert.deepEqual(edition.resolveField('M', 'b.id'), { path: 'b.id', numbers: [2, 2], type: 'string' });
});

test('the same in a descriptor set', () => {
  const field = (name: string, number: number, type: number, more = {}) => ({ name, number, type, label: 1, ...more });
  const D = { name: 'D', field: [field('id', 2, TYPE.string)] };
  const data = { typeName: '.p.q.D' };
  const definitions = readDescriptorSet(
    descriptorSet({
      name: 'a.proto',
      package: 'p.q',
      messageType: [
        D,
        {
          name: 'M',
          field: [
            field('group', 1, TYPE.group, data),
            field('delimited', 2, TYPE.message, { ...data, options: { features: { messageEncoding: 2 } } }),
            field('plain', 3, TYPE.message, data),
            field('list', 4, TYPE.string, { label: REPEATED }),
            field('flag', 5, TYPE.bool),
            field('kind', 6, TYPE.enum, { typeName: '.p.q.E' }),
            field('nested', 7, TYPE.message, { typeName: '.p.q.M.N' }),
          ],
          nestedType: [{ name: 'N', field: [field('number', 300, TYPE.int32)] }],
        },
      ],
      service: [
        {
          name: 'S',
          method: [{ name: 'Do', inputType: '.p.q.M', outputType: '.p.q.D', clientStreaming: true }],
        },
      ],
    }),
  );
  assert.deepEqual(definitions.serviceNames, ['p.q.S']);
  assert.deepEqual(definitions.service('p.q.S')?.methods.get('Do'), {
    name: 'Do',
    requestStream: true,
    responseStream: false,
    requestType: 'p.q.M',
    responseType: 'p.q.D',
  });
  for (const [path, reason] of [
    ['group.id', /of type group/],
    ['delimited.id', /of type group/],
    ['list', /is repeated/],
    ['flag', /of type bool/],
    ['kind', /of type enum/],
    ['plain', /of type message/],
    ['plain.idd', /message p\.q\.D, which has no field 'idd'/],
  ] as const) {
    assert.match(found(definitions, 'p.q.M', path), reason);
  }
  assert.deepEqual(definitions.resolveField('p.q.M', 'plain.id'), {
    path: 'plain.id',
    numbers: [3, 2],
    type: 'string',
  });
  assert.deepEqual(definitions.resolveField('p.q.M', 'nested.number'), {
    path: 'nested.number',
    numbers: [7, 300],
    type: 'int32',
  });
});

test('delimited encoding of a whole edition file counts for its fields, unless they say otherwise', () => {
  const field = { name: 'a', number: 1, label: 1, type: TYPE.message, typeName: '.D' };
  const plain = { ...field, name: 'b', number: 2, options: { features: { messageEncoding: 1 } } };
  const definitions = readDescriptorSet(
    descriptorSet({
      name: 'a.proto',
      syntax: 'editions',
      options: { features: { messageEncoding: 2 } },
      messageType: [
        { name: 'D', field: [{ name: 'id', number: 1, label: 1, type: TYPE.string }] },
        { name: 'M', field: [field, plain] },
      ],
    }),
  );
  assert.match(found(definitions, 'M', 'a.id'), /of type group/);
  assert.deepEqual(definitions.resolveField('M', 'b.id'), { path: 'b.id', numbers: [2, 1], type: 'string' });
});

test('a missing import matters only where its message is needed', () => {
  const definitions = source(`
    syntax = "proto3";
    import "google/api/annotations.proto";
    import "other.proto";
    import weak "weak.proto";
    service S { rpc Do(M) returns (other.Answer) { option (google.api.http) = { get: "/v1" }; } }
    message M { string id = 1; other.Thing thing = 2; }
  `);
  assert.deepEqual(definitions.resolveField('M', 'id'), { path: 'id', numbers: [1], type: 'string' });
  assert.equal(definitions.service('S')?.methods.get('Do')?.responseType, 'other.Answer');
  assert.match(found(definitions, 'M', 'thing.id'), /message other\.Thing, which the proto_descriptor does not define/);
});

test('imports are read once, also when files import each other', () => {
  const definitions = source('syntax = "proto3"; import "a.proto"; message M { A a = 1; }', {
    'a.proto': 'syntax = "proto3"; import "b.proto"; message A { B b = 2; }',
    'b.proto':
      'syntax = "proto3"; import "a.proto"; import "google/protobuf/empty.proto"; message B { string id = 3; }',
  });
  assert.deepEqual(definitions.resolveField('M', 'a.b.id'), { path: 'a.b.id', numbers: [1, 2, 3], type: 'string' });
});

test('a syntax error names the file and the line', () => {
  assert.throws(
    () => source('syntax = "proto3";\nmessage M { string = 1; }'),
    (error: unknown) => {
      assert.ok(error instanceof DescriptorError);
      assert.match(error.message, /^main\.proto: .*line 2/);
      return true;
    },
  );
});

for (const [what, bytes] of [
  ['nothing', ''],
  ['text', 'hello'],
  ['a .proto file', SHOP_PROTO],
  ['a cut set', Buffer.from(descriptorSet({ name: 'a.proto', package: 'p' })).subarray(0, 6)],
] as const) {
  test(`${what} is no descriptor set`, () => {
    assert.throws(() => readDescriptorSet(Buffer.from(bytes)), DescriptorError);
  });
}

test('names that objects inherit are not found', () => {
  const shop = source(SHOP_PROTO);
  assert.equal(shop.service('constructor'), undefined);
  assert.match(found(shop, 'test.shop.Order', 'constructor'), /no field 'constructor'/);
  assert.match(found(shop, '__proto__', 'id'), /does not define/);
});

const VOLTHA = inRepository('../shared/voltha/voltha.pb');

test('the real descriptor set', { skip: !existsSync(VOLTHA) && 'the real files are not here' }, () => {
  const voltha = readDescriptorSet(readFileSync(VOLTHA));
  const service = voltha.service('voltha.VolthaService');
  assert.equal(service?.methods.size, 58);
  const streaming = [...(service?.methods.values() ?? [])].filter(
    (method) => method.requestStream || method.responseStream,
  );
  assert.deepEqual(
    streaming.map(({ name, requestStream, responseStream }) => [name, requestStream, responseStream]),
    [
      ['StreamPacketsOut', true, false],
      ['ReceivePacketsIn', false, true],
      ['ReceiveChangeEvents', false, true],
    ],
  );
  assert.deepEqual(voltha.resolveField('voltha.LogicalPortId', 'port_id'), {
    path: 'port_id',
    numbers: [2],
    type: 'string',
  });
});
