import convict from 'convict';
import { LOG_LEVELS } from '../../observability/log.js';
import { ConfigError, type ConfigProblem, describeValue } from './config-error.js';
import { CONNECTION_SETTINGS } from './connection-settings.js';
import { LOG_SETTINGS } from './log-settings.js';
import { GIB, MAX_TIMER_MS, MIB, type Setting, secret, setting } from './setting.js';
import { choice, either, flag, integer, TOKEN_FORMAT, text } from './setting-format.js';
import { TRANSPORT_SETTINGS } from './transport-settings.js';

const PROCESS_SETTINGS = {
  config: setting('AFROUTER_CONFIG', text('the path of a routing file'), undefined, 'The routing file.', '--config'),
  logLevel: setting(
    'AFROUTER_LOG_LEVEL',
    choice(LOG_LEVELS),
    'info',
    'The least severe events that are logged.',
    '--log-level',
  ),
  dryRun: setting('AFROUTER_DRY_RUN', flag(), 'false', 'Check the configuration and exit.', '--dry-run'),
  workers: setting(
    'AFROUTER_WORKERS',
    either(choice(['auto', 'per-backend']), integer(1, 1024)),
    'auto',
    'Worker threads that the backends are dealt out to. `auto`: one per backend, at most one less than there are cores, at least one.',
  ),
  maxMessageBytes: setting(
    'AFROUTER_MAX_MESSAGE_BYTES',
    integer(1, GIB),
    16 * MIB,
    'The longest gRPC message that is held whole (to route, to merge replicas). A longer one ends its call with RESOURCE_EXHAUSTED.',
  ),
  heldBytes: setting(
    'AFROUTER_HELD_BYTES',
    integer(1, 64 * GIB),
    256 * MIB,
    'Bytes that all calls together may hold while they wait for their first message. Calls beyond end with RESOURCE_EXHAUSTED.',
  ),
  replayLimit: setting(
    'AFROUTER_REPLAY_LIMIT',
    integer(0, GIB),
    4 * MIB,
    'Bytes of request messages that one call keeps for a replica that connects later. A call over it is not caught up.',
  ),
  replayBytes: setting(
    'AFROUTER_REPLAY_BYTES',
    integer(0, 64 * GIB),
    256 * MIB,
    'Bytes of request messages that all calls of one worker thread keep for that. Calls beyond are not caught up.',
  ),
  affinityEntries: setting(
    'AFROUTER_AFFINITY_ENTRIES',
    integer(1, 16_000_000),
    1_000_000,
    'Keys that one route remembers. A full table forgets the longest unused key that has no call in flight.',
  ),
  affinityIdleMs: setting(
    'AFROUTER_AFFINITY_IDLE_MS',
    integer(0, 365 * 24 * 3_600_000),
    0,
    'Milliseconds after which an unused key is forgotten; 0 is never.',
  ),
  discardGraceMs: setting(
    'AFROUTER_DISCARD_GRACE_MS',
    integer(0, MAX_TIMER_MS),
    5000,
    'Milliseconds that replicas whose answer is not used may still take before their streams are cancelled.',
  ),
  replicaStallMs: setting(
    'AFROUTER_REPLICA_STALL_MS',
    integer(1, MAX_TIMER_MS),
    10_000,
    'Milliseconds that a replica may take nothing of a call, while another one does, before it is dropped from the call.',
  ),
  deadlineSlackMs: setting(
    'AFROUTER_DEADLINE_SLACK_MS',
    integer(0, MAX_TIMER_MS),
    50,
    'Milliseconds after the deadline of a call that the backend has to report it before the router does.',
  ),
  configPollMs: setting(
    'AFROUTER_CONFIG_POLL_MS',
    integer(0, MAX_TIMER_MS),
    2000,
    'Milliseconds between two looks whether the routing file has changed; then it is read again, and taken into use whole or not at all. 0 is never: SIGHUP does the same.',
  ),
  reusePort: setting(
    'AFROUTER_REUSE_PORT',
    flag(),
    'false',
    'Open listeners with SO_REUSEPORT, so that a second process can take over their ports while the first one drains. Needs Node 22.12, 23.1 or later, and Linux.',
  ),
  drainMs: setting(
    'AFROUTER_DRAIN_MS',
    integer(0, MAX_TIMER_MS),
    30_000,
    'Milliseconds that calls may still take after SIGTERM or SIGINT.',
  ),
  reconnectMinMs: setting(
    'AFROUTER_RECONNECT_MIN_MS',
    integer(1, MAX_TIMER_MS),
    200,
    'Milliseconds before a lost connection is dialled again, doubled with each failure.',
  ),
  reconnectMaxMs: setting(
    'AFROUTER_RECONNECT_MAX_MS',
    integer(1, MAX_TIMER_MS),
    15_000,
    'The most milliseconds between two attempts to dial.',
  ),
  connectTimeoutMs: setting(
    'AFROUTER_CONNECT_TIMEOUT_MS',
    integer(1, MAX_TIMER_MS),
    10_000,
    'Milliseconds that a backend has to accept a connection and answer as HTTP/2.',
  ),
  adminAddress: setting(
    'AFROUTER_ADMIN_ADDRESS',
    either(choice(['auto']), text('a host name or an IP address')),
    'auto',
    "Where the admin HTTP server (`/livez`, `/readyz`, `/metrics`) listens. `auto`: the routing file's `api.probeHost`, else 127.0.0.1.",
  ),
  adminPort: setting(
    'AFROUTER_ADMIN_PORT',
    either(choice(['auto']), integer(0, 65_535)),
    'auto',
    "The port of the admin HTTP server; 0 switches it off. `auto`: the routing file's `api.probePort`, else 8081.",
  ),
  readyPolicy: setting(
    'AFROUTER_READY_POLICY',
    choice(['any', 'all-backends', 'all-connections', 'none']),
    'any',
    'When the router is ready. `any`: every cluster has an open connection; `all-backends`: every backend has one; `all-connections`: every connection is open; `none`: always. Connections that have no address or are drained do not count.',
  ),
  northboundHealth: setting(
    'AFROUTER_NORTHBOUND_HEALTH',
    flag(),
    'false',
    'Answer `grpc.health.v1.Health` on the listeners too, where no route takes it.',
  ),
  tlsHandshakeMs: setting(
    'AFROUTER_TLS_HANDSHAKE_MS',
    integer(1, MAX_TIMER_MS),
    10_000,
    'Milliseconds that a client has for its TLS handshake before its connection is closed.',
  ),
  certificatePollMs: setting(
    'AFROUTER_CERTIFICATE_POLL_MS',
    integer(0, MAX_TIMER_MS),
    5000,
    'Milliseconds between two looks at the certificate files; changed ones are used for new connections. 0 is never.',
  ),
  controlToken: secret(
    'AFROUTER_CONTROL_TOKEN',
    either(choice(['none']), TOKEN_FORMAT),
    'none',
    'What callers of the control API must send as `authorization: Bearer …`. Health checks need none.',
  ),
  controlTokenFile: setting(
    'AFROUTER_CONTROL_TOKEN_FILE',
    either(choice(['none']), text('the path of a file that holds the token')),
    'none',
    'The same, read at the start from a file, which other users of the machine need not be able to read.',
  ),
};

/** Every setting; docs/settings.md is generated from this. */
export const SETTINGS = { ...PROCESS_SETTINGS, ...LOG_SETTINGS, ...CONNECTION_SETTINGS, ...TRANSPORT_SETTINGS };

/** The settings of the process: everything that is not routing. Bytes, milliseconds and counts, checked. */
export type Settings = {
  readonly [K in keyof typeof SETTINGS]: (typeof SETTINGS)[K] extends Setting<infer T> ? T : never;
};

/** What the command line says of settings. */
export interface SettingFlags {
  readonly config?: string | undefined;
  readonly logLevel?: string | undefined;
  readonly dryRun?: boolean | undefined;
}

/** `listen({ reusePort })` of node:net; older versions ignore it without a word. */
const [MAJOR = 0, MINOR = 0] = process.versions.node.split('.').map(Number);
export const REUSE_PORT_SUPPORTED = MAJOR >= 24 || (MAJOR === 23 && MINOR >= 1) || (MAJOR === 22 && MINOR >= 12);

/** Settings that must not be less than another one. */
const ORDERED = [
  ['reconnectMaxMs', 'reconnectMinMs'],
  ['heldBytes', 'maxMessageBytes'],
  ['maxOutputBytes', 'socketHighWater'],
] as const;

/**
 * Reads the settings: flags over environment over defaults. Other variables with the prefix AFROUTER_ are not looked at: Kubernetes
 * sets some (AFROUTER_PORT) for a service of that name.
 * @throws ConfigError with every setting that is wrong
 */
export function loadSettings(env: Readonly<Record<string, string | undefined>>, flags: SettingFlags = {}): Settings {
  const given = { ...env };
  const origin: Origins = {};
  for (const [key, value] of Object.entries(flags)) {
    const setting = Object.hasOwn(SETTINGS, key) ? SETTINGS[key as keyof Settings] : undefined;
    // An absent switch is not a switch that says no: the variable counts then.
    if (setting?.flag === undefined || value === undefined || value === false) continue;
    given[setting.env] = String(value);
    origin[setting.env] = setting.flag;
  }
  const problems: ConfigProblem[] = [];
  const settings = read(given, origin, problems);
  for (const [larger, smaller] of ORDERED) requireOrder(larger, smaller, settings, problems);
  if (settings.reusePort === true && !REUSE_PORT_SUPPORTED) {
    const allowed = `false on Node ${process.versions.node}: it needs 22.12, 23.1 or later`;
    problems.push({ file: 'environment', path: SETTINGS.reusePort.env, found: '"true"', allowed });
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return settings as Settings;
}

/** By variable, the flag that gave it instead. */
type Origins = Record<string, string>;

/**
 * Convict gathers environment and defaults. Everything is text to it: its own number formats read `16MiB` as 16, so values are
 * parsed here, and its one joined message is replaced by a problem for each variable.
 */
function read(
  env: Readonly<Record<string, string | undefined>>,
  origin: Origins,
  problems: ConfigProblem[],
): Partial<Settings> {
  const entries = Object.entries(SETTINGS) as [string, Setting<unknown>][];
  const values: Record<string, unknown> = {};
  const schema = Object.fromEntries(
    entries.map(([key, setting]) => [
      key,
      {
        doc: setting.doc,
        env: setting.env,
        default: setting.default ?? '',
        format(value: string) {
          values[key] = setting.format.parse(value);
          if (values[key] !== undefined) return;
          problems.push(problem(setting, origin, value));
          throw new Error(setting.format.allowed);
        },
      },
    ]),
  );
  try {
    convict(schema, { env: env as NodeJS.ProcessEnv, args: [] }).validate({ allowed: 'strict' });
  } catch (error) {
    if (problems.length === 0) throw error;
  }
  return values as Partial<Settings>;
}

function problem(setting: Setting<unknown>, origin: Origins, value: string): ConfigProblem {
  const flagName = origin[setting.env];
  const either = setting.flag === undefined ? '' : ` (${setting.flag} or ${setting.env})`;
  return {
    file: flagName === undefined ? 'environment' : 'command line',
    path: flagName ?? setting.env,
    found: value === '' ? 'nothing' : setting.secret ? 'something else' : describeValue(value),
    allowed: `${setting.format.allowed}${either}`,
  };
}

function requireOrder(
  larger: (typeof ORDERED)[number][0],
  smaller: (typeof ORDERED)[number][1],
  settings: Partial<Settings>,
  problems: ConfigProblem[],
): void {
  const [high, low] = [settings[larger], settings[smaller]];
  if (high === undefined || low === undefined || high >= low) return;
  problems.push({
    file: 'environment',
    path: SETTINGS[larger].env,
    found: String(high),
    allowed: `at least ${SETTINGS[smaller].env}, which is ${low}`,
  });
}
