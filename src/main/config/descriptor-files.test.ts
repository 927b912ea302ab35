import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { SHOP_PROTO, shopDirectory } from '../../../test/support/routing-fixture.js';
import { ConfigNode } from './config-node.js';
import { DescriptorFiles } from './descriptor-files.js';
import { Findings } from './findings.js';

function load(directory: string, name: string) {
  const file = join(directory, 'routing.json');
  const findings = new Findings(file);
  const node = new ConfigNode(name, 'routers[0].proto_descriptor');
  const descriptor = new DescriptorFiles(file, findings).load(node);
  return { descriptor, findings };
}

test('a missing file is reported with every place that was looked at', (context) => {
  const directory = shopDirectory(context);
  const { descriptor, findings } = load(directory, 'sub/nope.pb');
  assert.equal(descriptor, undefined);
  assert.deepEqual(findings.problems, [
    {
      file: join(directory, 'routing.json'),
      path: 'routers[0].proto_descriptor',
      found: '"sub/nope.pb"',
      allowed: `an existing file; looked for ${join(directory, 'sub/nope.pb')}, ${resolve('sub/nope.pb')}, ${join(directory, 'nope.pb')}`,
    },
  ]);
});

test('a file of that name beside the routing file is taken with a warning', (context) => {
  const directory = shopDirectory(context);
  const { descriptor, findings } = load(directory, 'vendor/x/shop.proto');
  assert.ok(descriptor?.service('test.shop.Shop'));
  assert.deepEqual(findings.warnings, [
    `${join(directory, 'routing.json')}: routers[0].proto_descriptor: "vendor/x/shop.proto" does not exist; ${join(directory, 'shop.proto')} is used instead`,
  ]);
});

for (const [name, text, found] of [
  ['broken.proto', 'syntax = "proto3";\nmessage {', /broken\.proto: illegal type name '\{' \(line 2\)/],
  ['broken.pb', 'hello', /invalid wire type/],
  ['empty.pb', '', /it describes no file/],
] as const) {
  test(`${name} is reported as unreadable`, (context) => {
    const directory = shopDirectory(context);
    writeFileSync(join(directory, name), text);
    const { descriptor, findings } = load(directory, name);
    assert.equal(descriptor, undefined);
    assert.equal(findings.problems.length, 1);
    assert.match(findings.problems[0].found, found);
    assert.match(findings.problems[0].allowed, /FileDescriptorSet .* or a \.proto file/);
  });
}

test('a directory is reported as unreadable', (context) => {
  const { findings } = load(shopDirectory(context), '.');
  assert.match(findings.problems[0].found, /EISDIR/);
});

test('imports are found from the root of the tree that the file is in', (context) => {
  const directory = shopDirectory(context);
  mkdirSync(join(directory, 'a/b'), { recursive: true });
  writeFileSync(join(directory, 'a/b/main.proto'), SHOP_PROTO.replace('import', 'import "a/b/more.proto"; import'));
  writeFileSync(join(directory, 'a/b/more.proto'), 'syntax = "proto3"; package more; message More { string id = 1; }');
  const { descriptor } = load(directory, 'a/b/main.proto');
  assert.deepEqual(descriptor?.resolveField('more.More', 'id'), { path: 'id', numbers: [1], type: 'string' });
});
