import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, type ConfigProblem } from './config-error.js';
import type { Setting } from './setting.js';
import { loadSettings, REUSE_PORT_SUPPORTED, SETTINGS, type SettingFlags } from './settings.js';

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

test('the defaults that behaviour.md names', () => {
  const { replayLimit, reconnectMaxMs, logLevel, dryRun } = loadSettings(CONFIG);
  assert.deepEqual([replayLimit, reconnectMaxMs, logLevel, dryRun], [4_194_304, 15_000, 'info', false]);
});

/** Another value than the default that the setting takes. */
function another({ default: byDefault, format }: Setting<unknown>): string {
  const next = byDefault !== undefined && /^\d+$/.test(byDefault) ? [String(Number(byDefault) + 1)] : [];
  const found = [...next, 'true', 'debug', 'none', 'all', '8', 'else', 'a-token-of-20-letters'].find(
    (value) => value !== byDefault && format.parse(value) !== undefined,
  );
  assert.ok(found, format.allowed);
  return found;
}

test('each setting is read from its variable', () => {
  for (const [key, setting] of Object.entries(SETTINGS)) {
    if (key === 'reusePort' && !REUSE_PORT_SUPPORTED) continue;
    const value = another(setting);
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

test('a secret that is wrong is not shown', () => {
  const [problem] = problems({ ...CONFIG, AFROUTER_CONTROL_TOKEN: 'too short' });
  assert.doesNotMatch(JSON.stringify(problem), /too short/);
  assert.equal(problem?.path, 'AFROUTER_CONTROL_TOKEN');
});

test('AFROUTER_REUSE_PORT is refused where Node would ignore it', () => {
  const found = problems({ ...CONFIG, AFROUTER_REUSE_PORT: 'true' });
  if (REUSE_PORT_SUPPORTED) assert.deepEqual(found, []);
  else assert.match(found[0]!.allowed, /needs 22\.12/);
});
