import { MAX_TIMER_MS, setting } from './setting.js';
import { flag, integer } from './setting-format.js';

/** How connections that live long are cared for: found dead, sent away in time, waited for when they come back. */
export const CONNECTION_SETTINGS = {
  keepaliveMs: setting(
    'AFROUTER_KEEPALIVE_MS',
    integer(0, MAX_TIMER_MS),
    7_200_000,
    'Milliseconds that a client may say nothing before it is sent a PING; 0 is for ever. Two hours is what gRPC servers do.',
  ),
  keepaliveTimeoutMs: setting(
    'AFROUTER_KEEPALIVE_TIMEOUT_MS',
    integer(1, MAX_TIMER_MS),
    20_000,
    'Milliseconds after a PING in which a client or a backend must say something, or its connection is closed.',
  ),
  backendKeepaliveMs: setting(
    'AFROUTER_BACKEND_KEEPALIVE_MS',
    integer(0, MAX_TIMER_MS),
    330_000,
    'Milliseconds that a backend may say nothing, while it has calls, before it is sent a PING; 0 is for ever. gRPC servers close a connection that is pinged more often than they allow, which by default is every 5 minutes.',
  ),
  backendKeepaliveIdle: setting(
    'AFROUTER_BACKEND_KEEPALIVE_IDLE',
    flag(),
    'false',
    'Send PINGs to backends that have no calls, too. gRPC servers take that only when they are told to, or every 2 hours.',
  ),
  retryWaitMs: setting(
    'AFROUTER_RETRY_WAIT_MS',
    integer(0, MAX_TIMER_MS),
    5000,
    'Milliseconds that calls wait for a connection to a backend which was sent away in order (GOAWAY, SetConnection) to be back: new calls when the backend has no other, and those that the backend did not process. 0 is not at all: they end with UNAVAILABLE.',
  ),
  idleTimeoutMs: setting(
    'AFROUTER_IDLE_TIMEOUT_MS',
    integer(0, MAX_TIMER_MS),
    3_600_000,
    'Milliseconds without a call after which a client is sent away (GOAWAY); it dials again with its next call. 0 is never.',
  ),
  maxConnectionAgeMs: setting(
    'AFROUTER_MAX_CONNECTION_AGE_MS',
    integer(0, MAX_TIMER_MS),
    0,
    'Milliseconds, give or take a tenth, after which a client is sent away (GOAWAY), so that load spreads again; 0 is never.',
  ),
  maxConnectionAgeGraceMs: setting(
    'AFROUTER_MAX_CONNECTION_AGE_GRACE_MS',
    integer(0, MAX_TIMER_MS),
    0,
    'Milliseconds that the calls of a client may still take after AFROUTER_MAX_CONNECTION_AGE_MS. Then they end with UNAVAILABLE and the connection is closed. 0 is for ever.',
  ),
  maxStreamAgeMs: setting(
    'AFROUTER_MAX_STREAM_AGE_MS',
    integer(0, MAX_TIMER_MS),
    0,
    'Milliseconds after which a call ends with UNAVAILABLE, so that the client of an endless stream comes back to a fresh choice; 0 is never.',
  ),
};
