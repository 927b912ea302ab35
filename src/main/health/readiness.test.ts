import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ProbedBackend, type ProbedCluster, Readiness, type ReadyPolicy } from './readiness.js';

/** A connection is open (`+`), closed (`-`) or has no address (`?`). */
function backend(name: string, connections: string): ProbedBackend {
  return {
    name,
    connectionNames: [...connections].map((_, i) => `${name}${i + 1}`),
    isOpen: () => connections.includes('+'),
    isConnectionOpen: (i) => connections[i] === '+',
    isExpected: (i) => connections[i] !== '?',
  };
}

function reasons(policy: ReadyPolicy, backends: Readonly<Record<string, string>>): string[] {
  const cluster: ProbedCluster = { name: 'c', backends: Object.entries(backends).map(([name, c]) => backend(name, c)) };
  const readiness = new Readiness(policy);
  readiness.configure(new Map([['c', cluster]]), new Map());
  readiness.started();
  return readiness.reasons();
}

test('any: one open connection of the cluster is enough', () => {
  assert.deepEqual(reasons('any', { a: '--', b: '-+' }), []);
  assert.deepEqual(reasons('any', { a: '--', b: '?-' }), ['cluster c: no backend has an open connection']);
});

test('all-backends: each backend needs one', () => {
  assert.deepEqual(reasons('all-backends', { a: '+-', b: '-+' }), []);
  assert.deepEqual(reasons('all-backends', { a: '+-', b: '--' }), ['cluster c: backend b has no open connection']);
});

test('all-connections: each connection', () => {
  assert.deepEqual(reasons('all-connections', { a: '+?' }), []);
  assert.deepEqual(reasons('all-connections', { a: '+-' }), ['cluster c: connection a2 of backend a is not open']);
});

test('none: nothing is needed', () => {
  assert.deepEqual(reasons('none', { a: '--' }), []);
});

test('what has no address yet does not count', () => {
  for (const policy of ['any', 'all-backends', 'all-connections'] as const) {
    assert.deepEqual(reasons(policy, { a: '??', b: '?' }), [], policy);
  }
});

test('a service needs only the clusters that it leads to', () => {
  const clusters = new Map([
    ['up', { name: 'up', backends: [backend('a', '+')] }],
    ['down', { name: 'down', backends: [backend('b', '-')] }],
  ]);
  const services = new Map([
    ['p.Up', new Set(['up'])],
    ['p.Both', new Set(['up', 'down'])],
  ]);
  const readiness = new Readiness('any');
  readiness.configure(clusters, services);
  assert.equal(readiness.serves('p.Up'), false, 'not before the start');
  readiness.started();
  assert.equal(readiness.serves('p.Up'), true);
  assert.equal(readiness.serves('p.Both'), false);
  assert.equal(readiness.serves('p.Other'), undefined);
  assert.equal(readiness.serves(''), false);
  readiness.drain();
  assert.equal(readiness.serves('p.Up'), false);
  assert.deepEqual(readiness.reasons(), ['draining']);
});

test('watchers are told of every change until they leave', () => {
  const readiness = new Readiness('none');
  const seen: boolean[] = [];
  const leave = readiness.watch(() => seen.push(readiness.serves('') === true));
  readiness.started();
  readiness.drain();
  leave();
  readiness.changed();
  assert.deepEqual(seen, [true, false]);
});
