import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { Bed, roundRobin } from '../support/bed.js';
import { EchoClient } from '../support/client.js';
import { ControlClient } from '../support/control.js';
import type { LogLine } from '../support/daemon.js';
import { delay } from '../support/eventually.js';

interface Levels {
  readonly components: readonly { readonly name: string; readonly level: string }[];
}

/** Where Node's inspector would listen. */
const INSPECTOR_PORT = 9229;

let bed: Bed;
let control: ControlClient;

before(async () => {
  bed = await Bed.start({ clusters: { c: { a: ['a1'] } }, control: true, routes: [roundRobin('all', 'c')] });
  control = new ControlClient(bed.controlPort);
});

after(async () => {
  control.stop();
  await bed.stop();
});

const levels = async (): Promise<Readonly<Record<string, string>>> => {
  const { components } = await control.ask<Levels>('GetLogLevels');
  return Object.fromEntries(components.map(({ name, level }) => [name, level]));
};

/** What is logged while a client comes and a replica goes and comes back. */
const stir = async (): Promise<LogLine[]> => {
  const from = bed.daemon.lines.length;
  const client = new EchoClient(bed.port);
  await client.call('Unary', {});
  client.stop();
  await bed.replica('a1').kill();
  await bed.replica('a1').start();
  // The main thread has the news of the worker when a call gets through.
  for (let code = 14; code !== 0; ) {
    code = (await bed.client.call('Unary', {})).code;
    if (code !== 0) await delay(20);
  }
  return bed.daemon.lines.slice(from);
};

const events = (lines: readonly LogLine[]): Set<string | undefined> => new Set(lines.map(({ event }) => event));

test('one area is made quiet or talkative by itself', async () => {
  const before = await levels();
  assert.ok(Object.values(before).every((level) => level === 'info'));
  await control.ask('SetLogLevel', { component: 'worker-0/southbound', level: 'silent' });
  const now = await control.ask<Levels>('SetLogLevel', { component: 'main/northbound', level: 'debug' });
  assert.deepEqual(Object.fromEntries(now.components.map(({ name, level }) => [name, level])), {
    ...before,
    'worker-0/southbound': 'silent',
    'main/northbound': 'debug',
  });
  const seen = events(await stir());
  assert.ok(seen.has('client_connected'), 'a debug line of the area');
  assert.ok(!seen.has('connection_lost') && !seen.has('connection_open'), [...seen].join());
  await control.ask('SetLogLevel', { level: 'info' });
  assert.deepEqual(await levels(), before);
  const back = events(await stir());
  assert.ok(back.has('connection_lost') && !back.has('client_connected'), [...back].join());
});

test('lines say their area, and the ids by which they join', async () => {
  await control.ask('SetLogLevel', { level: 'debug' });
  const lines = await stir();
  await control.ask('SetLogLevel', { level: 'info' });
  const connected = lines.find(({ event }) => event === 'client_connected')!;
  assert.deepEqual([connected.area, connected.listener], ['northbound', 'north']);
  assert.match(String(connected.client), /^north\/\d+$/);
  const lost = lines.find(({ event }) => event === 'connection_lost')!;
  assert.deepEqual(
    [lost.thread, lost.area, lost.cluster, lost.backend, lost.connection],
    ['worker-0', 'southbound', 'c', 'a', 'a1'],
  );
});

test('SIGUSR2 switches every component to debug, and back to what each was', async () => {
  await control.ask('SetLogLevel', { component: 'main/control', level: 'warn' });
  const before = await levels();
  const toggle = async (): Promise<unknown> => {
    const from = bed.daemon.lines.length;
    bed.daemon.signal('SIGUSR2');
    return (await bed.daemon.untilLine(({ event }) => event === 'debug_toggled', 'the signal', from)).debug;
  };
  assert.equal(await toggle(), true);
  assert.ok(Object.values(await levels()).every((level) => level === 'debug'));
  assert.ok(events(await stir()).has('client_connected'));
  assert.equal(await toggle(), false);
  assert.deepEqual(await levels(), before);
  await control.ask('SetLogLevel', { level: 'info' });
});

test('SIGUSR1 opens no inspector', async () => {
  bed.daemon.signal('SIGUSR1');
  await bed.daemon.untilLine(({ event }) => event === 'signal_ignored', 'the signal');
  assert.equal((await bed.client.call('Unary', {})).code, 0);
  assert.doesNotMatch(bed.daemon.output, /Debugger listening/);
  const open = await new Promise<boolean>((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: INSPECTOR_PORT });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
  assert.equal(open, false);
});
