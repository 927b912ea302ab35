import { secret, setting } from './setting.js';
import { choice, either, flag, integer, TOKEN_FORMAT } from './setting-format.js';

/** Which calls get a line in the access log. */
const ACCESS_LOG_MODES = ['off', 'errors', 'sampled', 'all'] as const;
export type AccessLogMode = (typeof ACCESS_LOG_MODES)[number];

/** Settings of the access log (docs/logs.md) and of traces (docs/tracing.md). */
export const LOG_SETTINGS = {
  accessLog: setting(
    'AFROUTER_ACCESS_LOG',
    choice(ACCESS_LOG_MODES),
    'off',
    'Calls that get a line in the log when they end. `errors`: those that end with another status than OK; `sampled`: one in AFROUTER_ACCESS_LOG_SAMPLE.',
  ),
  accessLogSample: setting(
    'AFROUTER_ACCESS_LOG_SAMPLE',
    integer(1, 1_000_000_000),
    100,
    'With AFROUTER_ACCESS_LOG=sampled: one call in so many has a line, drawn at random.',
  ),
  logKeys: setting(
    'AFROUTER_LOG_KEYS',
    flag(),
    'false',
    'Write routing keys to the access log as they are, instead of a keyed hash of them.',
  ),
  logHashKey: secret(
    'AFROUTER_LOG_HASH_KEY',
    either(choice(['random']), TOKEN_FORMAT),
    'random',
    'The secret of the hash of routing keys. Routers with the same one write the same hashes; `random`: another one at each start.',
  ),
  otel: setting(
    'AFROUTER_OTEL',
    flag(),
    'false',
    'Trace calls with OpenTelemetry and send the spans by OTLP over HTTP; where to, and more, is said by the standard OTEL_ variables.',
  ),
  otelSample: setting(
    'AFROUTER_OTEL_SAMPLE',
    integer(1, 1_000_000_000),
    100,
    'One call in so many is traced of those that bring no trace context, drawn at random. Others are traced if their caller is.',
  ),
};
