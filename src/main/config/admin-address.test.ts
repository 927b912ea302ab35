import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adminAddress } from './admin-address.js';

const AUTO = { adminAddress: 'auto', adminPort: 'auto' } as const;

test('without a word from anyone it is loopback, port 8081', () => {
  assert.deepEqual(adminAddress(AUTO, undefined), { address: '127.0.0.1', port: 8081 });
  assert.deepEqual(adminAddress(AUTO, { address: undefined, port: undefined }), { address: '127.0.0.1', port: 8081 });
});

test('the routing file goes over the default, part by part', () => {
  assert.deepEqual(adminAddress(AUTO, { address: '::1', port: 9000 }), { address: '::1', port: 9000 });
  assert.deepEqual(adminAddress(AUTO, { address: undefined, port: 9000 }), { address: '127.0.0.1', port: 9000 });
});

test('the environment goes over the routing file', () => {
  const probe = { address: '::1', port: 9000 };
  assert.deepEqual(adminAddress({ adminAddress: '0.0.0.0', adminPort: 'auto' }, probe), {
    address: '0.0.0.0',
    port: 9000,
  });
  assert.deepEqual(adminAddress({ adminAddress: 'auto', adminPort: 1234 }, probe), { address: '::1', port: 1234 });
});

test('port 0 of either switches it off', () => {
  assert.equal(adminAddress({ adminAddress: 'auto', adminPort: 0 }, { address: undefined, port: 9000 }), undefined);
  assert.equal(adminAddress(AUTO, { address: undefined, port: 0 }), undefined);
});
