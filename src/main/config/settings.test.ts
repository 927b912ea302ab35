import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, type ConfigProblem } from './config-error.js';
import { loadSettings, SETTINGS, type SettingFlags } from './settings.js';

const CONFIG = { AFROUTER_CONFIG: 'routing.json' };

function problems(env: Readonly<Record<string, string>>, flags?: SettingFlags): readonly ConfigProblem[] {
  try {
    loadSettings(env, flags);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test('the defaults', () => {
  assert.deepEqual(loadSettings(CONFIG), {
    config: 'routing.json',
    logLevel: 'info',
    dryRun: false,
    workers: 'auto',
    maxMessageBytes: 16_777_216,
    heldBytes: 268_435_456,
    replayLimit: 4_194_304,
    affinityEntries: 1_000_000,
    affinityIdleMs: 0,
    discardGraceMs: 5000,
    replicaStallMs: 10_000,
    deadlineSlackMs: 50,
    drainMs: 30_000,
    reconnectMinMs: 200,
    reconnectMaxMs: 15_000,
    connectTimeoutMs: 10_000,
    streamWindow: 65_535,
    connectionWindow: 1_048_576,
    maxConcurrentStreams: 1024,
    maxHeaderListBytes: 65_536,
    maxHeaderFields: 200,
    headerTableBytes: 4096,
    maxConnections: 65_536,
    adminAddress: 'auto',
    adminPort: 'auto',
    readyPolicy: 'any',
    northboundHealth: false,
    keepaliveMs: 0,
  });
});

test('each setting is read from its variable', () => {
  for (const [key, setting] of Object.entries(SETTINGS)) {
    const words = {
      config: 'x.json',
      logLevel: 'debug',
      dryRun: 'true',
      workers: 'per-backend',
      readyPolicy: 'none',
      northboundHealth: 'true',
    }[key];
    const number =
      { heldBytes: '20000000', reconnectMinMs: '150', maxHeaderFields: '300', adminPort: '8082' }[key] ?? '70000';
    const value = words ?? number;
    const settings = loadSettings({ ...CONFIG, [setting.env]: value });
    assert.equal(String(settings[key as keyof typeof settings]), value, setting.env);
  }
});

test('workers may be a number', () => {
  assert.equal(loadSettings({ ...CONFIG, AFROUTER_WORKERS: '3' }).workers, 3);
});

test('flags go over the environment, and what was not given does not', () => {
  const env = { ...CONFIG, AFROUTER_LOG_LEVEL: 'warn', AFROUTER_DRY_RUN: 'true' };
  const settings = loadSettings(env, { config: 'other.json', logLevel: undefined, dryRun: false });
  assert.deepEqual([settings.config, settings.logLevel, settings.dryRun], ['other.json', 'warn', true]);
  assert.equal(loadSettings(CONFIG, { dryRun: true }).dryRun, true);
});

test('a routing file must be given', () => {
  const [problem, ...others] = problems({});
  assert.deepEqual(others, []);
  assert.deepEqual(problem, {
    file: 'environment',
    path: 'AFROUTER_CONFIG',
    found: 'nothing',
    allowed: 'the path of a routing file (--config or AFROUTER_CONFIG)',
  });
});

test('all wrong values are reported at once, each where it came from', () => {
  const found = problems(
    {
      AFROUTER_WORKERS: '0',
      AFROUTER_REPLAY_LIMIT: '4MiB',
      AFROUTER_DRAIN_MS: '-1',
      AFROUTER_STREAM_WINDOW: '2147483648',
    },
    { config: 'x', logLevel: 'loud' },
  );
  assert.deepEqual(found, [
    {
      file: 'command line',
      path: '--log-level',
      found: '"loud"',
      allowed: 'trace, debug, info, warn, error, fatal, silent (--log-level or AFROUTER_LOG_LEVEL)',
    },
    {
      file: 'environment',
      path: 'AFROUTER_WORKERS',
      found: '"0"',
      allowed: 'auto, per-backend, or a whole number from 1 to 1024',
    },
    {
      file: 'environment',
      path: 'AFROUTER_REPLAY_LIMIT',
      found: '"4MiB"',
      allowed: 'a whole number from 0 to 1073741824',
    },
    { file: 'environment', path: 'AFROUTER_DRAIN_MS', found: '"-1"', allowed: 'a whole number from 0 to 2147483647' },
    {
      file: 'environment',
      path: 'AFROUTER_STREAM_WINDOW',
      found: '"2147483648"',
      allowed: 'a whole number from 1024 to 2147483647',
    },
  ]);
});

for (const text of ['', ' 5000', '5e3', '0x10', '1.5', 'NaN', 'Infinity', '99999999999999999999']) {
  test(`${JSON.stringify(text)} is not a number of milliseconds`, () => {
    assert.deepEqual(
      problems({ ...CONFIG, AFROUTER_DRAIN_MS: text }).map(({ path }) => path),
      ['AFROUTER_DRAIN_MS'],
    );
  });
}

test('pairs of settings that contradict each other are reported', () => {
  assert.deepEqual(problems({ ...CONFIG, AFROUTER_RECONNECT_MIN_MS: '20000', AFROUTER_HELD_BYTES: '1' }), [
    {
      file: 'environment',
      path: 'AFROUTER_RECONNECT_MAX_MS',
      found: '15000',
      allowed: 'at least AFROUTER_RECONNECT_MIN_MS, which is 20000',
    },
    {
      file: 'environment',
      path: 'AFROUTER_HELD_BYTES',
      found: '1',
      allowed: 'at least AFROUTER_MAX_MESSAGE_BYTES, which is 16777216',
    },
  ]);
});

test('variables that Kubernetes sets for a service of the name afrouter are not looked at', () => {
  const env = { ...CONFIG, AFROUTER_PORT: 'tcp://10.0.0.1:55555', AFROUTER_SERVICE_HOST: '10.0.0.1' };
  assert.deepEqual(problems(env), []);
});
