import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pino } from 'pino';
import type { LegOutcome } from '../../port/leg-outcome.js';
import { accessLine, type EndedCall } from './access-line.js';

/** Longest line, in bytes, for names in the configuration that are no longer than 64 characters of ASCII. */
const MAX_LINE = 4096;

/** Any octets, and those that break lines, JSON and terminals more often than they would come by themselves. */
const octet = fc.oneof(
  fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  fc.constantFrom('\n', '\r', '"', '\\', '\0', '\u001b', '%', '{', '}', '\u0085'),
);
const hostile = fc.oneof(
  fc.string({ unit: octet, maxLength: 300 }),
  fc.tuple(octet, fc.integer({ min: 1, max: 70_000 })).map(([unit, times]) => unit.repeat(times)),
);
const configured = fc.string({ unit: 'grapheme-ascii', maxLength: 64 });
const ms = fc.double({ min: -1, max: 1e9, noNaN: true });

const leg = fc.record({
  connection: fc.nat(99),
  outcome: fc.integer({ min: 0, max: 4 }).map((n) => n as LegOutcome),
  openedMs: ms,
  endedMs: ms,
});

function ended(path: string, name: string, legs: EndedCall['legs']): EndedCall {
  return {
    name: `${name}/12345678/2147483647`,
    listener: name,
    peer: '[2001:0db8:85a3:08d3:1319:8a2e:0370:7344]:65535',
    path,
    route: name,
    cluster: name,
    backend: name,
    status: 4_294_967_295,
    http: 415,
    totalMs: 123_456_789.123,
    backendMs: 123_456_788.123,
    requestBytes: Number.MAX_SAFE_INTEGER,
    responseBytes: Number.MAX_SAFE_INTEGER,
    legs,
    connectionName: () => name.slice(0, 20),
  };
}

/** What the log writes for it. */
function written(line: object): string {
  let text = '';
  const write = (chunk: string): void => {
    text += chunk;
  };
  const log = pino({ base: { thread: 'main' } }, { write });
  log.info(line, 'call ended');
  return text;
}

test('whatever a client sends, a call is one line that can be parsed and is no longer than 4 KiB', () => {
  fc.assert(
    fc.property(hostile, hostile, configured, fc.array(leg, { maxLength: 40 }), (path, key, name, legs) => {
      const text = written(accessLine(ended(path, name, legs), { key, trace: 'f'.repeat(32) }));
      assert.equal(text.indexOf('\n'), text.length - 1, 'one line');
      assert.ok(Buffer.byteLength(text) <= MAX_LINE, `${Buffer.byteLength(text)} bytes`);
      const parsed = JSON.parse(text) as Record<string, unknown>;
      assert.equal(parsed.event, 'call');
      assert.equal(parsed.thread, 'main');
      for (const field of ['method', 'key']) assert.match(String(parsed[field]), /^[\x20-\x7e]*…?$/);
    }),
    { numRuns: 500 },
  );
});

test('a path and a key of printable ASCII stand as they are, other octets as %XX, long ones are cut and say so', () => {
  const line = (path: string, key: string) =>
    accessLine(ended(path, 'n', []), { key }) as { method: string; key: string; replicas: unknown[] };
  assert.equal(line('/a.B/C', 'id-42').method, '/a.B/C');
  assert.equal(line('/a.B/C', 'id-42').key, 'id-42');
  assert.equal(line('/a', 'Z\u00c3\u00bcrich\n100%').key, 'Z%C3%BCrich%0A100%25');
  assert.equal(line(`/${'x'.repeat(255)}`, '').method, `/${'x'.repeat(255)}`);
  assert.equal(line(`/${'x'.repeat(256)}`, '').method, `/${'x'.repeat(255)}…`);
  assert.equal(line('/', '\n'.repeat(256)).key, `${'%0A'.repeat(85)}%…`);
});

test('what is not known is left out', () => {
  const line = accessLine({ ...ended('/a', 'n', []), http: 200, backendMs: -1 }, {});
  const told = Object.keys(JSON.parse(JSON.stringify(line)) as object);
  for (const field of ['http', 'backendMs', 'routerMs', 'key', 'keyHash', 'trace', 'replicasLeftOut']) {
    assert.ok(!told.includes(field), field);
  }
});
