import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { pino } from 'pino';
import { Turn } from '../../http2/codec/turn.js';
import type { BackendConfig } from '../config/routing-file.js';
import { loadSettings } from '../config/settings.js';
import { SerialNumbers } from '../routing/transaction-id.js';
import { BackendLink } from './backend-link.js';
import { WorkerHost } from './worker-host.js';

const FAILING = new URL('../../../test/support/failing-worker.js', import.meta.url);

test('a change that its thread does not take is kept for the next one, told in the log, and no failure of who asked', async () => {
  const config: BackendConfig = {
    name: 'b',
    type: 'server',
    association: undefined,
    tls: undefined,
    connections: [{ name: 'c', addr: '127.0.0.1', port: 1 }],
  };
  const backend = new BackendLink(0, 'cluster', config, new SerialNumbers());
  const lines: Record<string, unknown>[] = [];
  const log = pino(
    new Writable({
      write(line: Buffer, _encoding, done) {
        lines.push(JSON.parse(line.toString()));
        done();
      },
    }),
  );
  const host = new WorkerHost(0, [backend], loadSettings({ AFROUTER_CONFIG: 'none' }), new Turn(), log, FAILING);
  try {
    await host.start();
    await host.move(backend, 0, '127.0.0.2', 2);
    await host.drain(backend, 0, true);
    await host.configure([], [backend]);
    assert.deepEqual(backend.plan().connections, [{ name: 'c', addr: '127.0.0.2', port: 2, drained: true }]);
    assert.deepEqual(
      lines.map(({ event, task }) => [event, task]),
      [
        ['worker_change_failed', 'move'],
        ['worker_change_failed', 'drain'],
        ['worker_change_failed', 'configure'],
      ],
    );
  } finally {
    await host.stop();
  }
});
