import { GIB, KIB, MAX_TIMER_MS, MAX_WINDOW, MIB, setting } from './setting.js';
import { integer } from './setting-format.js';

/** Windows and limits of HTTP/2 connections, towards clients and towards backends. */
export const TRANSPORT_SETTINGS = {
  streamWindow: setting(
    'AFROUTER_STREAM_WINDOW',
    integer(KIB, MAX_WINDOW),
    65_535,
    'Bytes that a peer may send on one stream before the other side has taken them.',
  ),
  connectionWindow: setting(
    'AFROUTER_CONNECTION_WINDOW',
    integer(65_535, MAX_WINDOW),
    MIB,
    'Bytes that a peer may send on all streams of one connection before the other sides have taken them.',
  ),
  maxConcurrentStreams: setting(
    'AFROUTER_MAX_CONCURRENT_STREAMS',
    integer(1, MAX_WINDOW),
    1024,
    'Calls that one client connection may have open at a time.',
  ),
  maxHeaderListBytes: setting(
    'AFROUTER_MAX_HEADER_LIST_BYTES',
    integer(KIB, 16 * MIB),
    64 * KIB,
    'Bytes of a header list, names and values, with 32 for each field (RFC 9113, SETTINGS_MAX_HEADER_LIST_SIZE).',
  ),
  maxHeaderFields: setting('AFROUTER_MAX_HEADER_FIELDS', integer(16, 65_536), 200, 'Fields of a header list.'),
  headerTableBytes: setting(
    'AFROUTER_HEADER_TABLE_BYTES',
    integer(0, MIB),
    4096,
    'Bytes of the table for header compression, in each direction of each connection (RFC 7541).',
  ),
  maxContinuations: setting(
    'AFROUTER_MAX_CONTINUATIONS',
    integer(1, 65_536),
    32,
    'CONTINUATION frames in one header block, empty ones too (CVE-2024-27316). One more ends the connection.',
  ),
  socketHighWater: setting(
    'AFROUTER_SOCKET_HIGH_WATER',
    integer(16 * KIB, GIB),
    256 * KIB,
    'Bytes that may wait in a socket before DATA is held back in its streams.',
  ),
  maxOutputBytes: setting(
    'AFROUTER_MAX_OUTPUT_BYTES',
    integer(16 * KIB, GIB),
    MIB,
    'Bytes that may wait in a socket at all, never less than DATA alone can make wait: a peer that makes answers pile up and does not read them is closed (CVE-2019-9517).',
  ),
  handshakeTimeoutMs: setting(
    'AFROUTER_HANDSHAKE_TIMEOUT_MS',
    integer(0, MAX_TIMER_MS),
    10_000,
    'Milliseconds that a client has to send its HTTP/2 preface and SETTINGS; 0 is for ever.',
  ),
  headerTimeoutMs: setting(
    'AFROUTER_HEADER_TIMEOUT_MS',
    integer(0, MAX_TIMER_MS),
    10_000,
    'Milliseconds in which a header block, or a frame other than DATA, that has begun must be whole; 0 is for ever.',
  ),
  stallTimeoutMs: setting(
    'AFROUTER_STALL_TIMEOUT_MS',
    integer(0, MAX_TIMER_MS),
    300_000,
    'Milliseconds that a client may take nothing of an answer that waits for it (slow read), before its call is reset, or of what waits in its socket, before it is closed; 0 is for ever.',
  ),
  resetsPerSecond: setting(
    'AFROUTER_RESETS_PER_SECOND',
    integer(1, 1_000_000),
    100,
    'Calls a second that a peer may reset for ever (rapid reset, CVE-2023-44487); ten seconds’ worth at once, and one more for each call that gets its answer.',
  ),
  faultsPerSecond: setting(
    'AFROUTER_FAULTS_PER_SECOND',
    integer(1, 1_000_000),
    10,
    'Streams a second that a peer may make us reset by breaking the protocol on them (MadeYouReset, CVE-2025-8671); ten seconds’ worth at once.',
  ),
  refusalsPerSecond: setting(
    'AFROUTER_REFUSALS_PER_SECOND',
    integer(1, 1_000_000),
    100,
    'Streams a second that a client may open over AFROUTER_MAX_CONCURRENT_STREAMS; ten seconds’ worth at once.',
  ),
  settingsPerSecond: setting(
    'AFROUTER_SETTINGS_PER_SECOND',
    integer(1, 1_000_000),
    10,
    'SETTINGS and GOAWAY frames a second from a peer (CVE-2019-9515); ten seconds’ worth at once.',
  ),
  pingsPerSecond: setting(
    'AFROUTER_PINGS_PER_SECOND',
    integer(1, 1_000_000),
    20,
    'PING frames a second from a peer (CVE-2019-9512); ten seconds’ worth at once, and one more for each frame we send it.',
  ),
  emptyFramesPerSecond: setting(
    'AFROUTER_EMPTY_FRAMES_PER_SECOND',
    integer(1, 1_000_000),
    10,
    'Empty DATA frames a second that end nothing (CVE-2019-9518); ten seconds’ worth at once.',
  ),
  windowUpdatesPerSecond: setting(
    'AFROUTER_WINDOW_UPDATES_PER_SECOND',
    integer(1, 1_000_000),
    1000,
    'WINDOW_UPDATE frames a second from a peer; ten seconds’ worth at once, and ten more for each DATA frame we send it.',
  ),
  prioritiesPerSecond: setting(
    'AFROUTER_PRIORITIES_PER_SECOND',
    integer(1, 1_000_000),
    100,
    'PRIORITY frames a second from a peer (CVE-2019-9513); ten seconds’ worth at once.',
  ),
  unknownFramesPerSecond: setting(
    'AFROUTER_UNKNOWN_FRAMES_PER_SECOND',
    integer(1, 1_000_000),
    100,
    'Frames of unknown types, and ACKs of nothing, a second from a peer; ten seconds’ worth at once.',
  ),
  interimResponsesPerSecond: setting(
    'AFROUTER_INTERIM_RESPONSES_PER_SECOND',
    integer(1, 1_000_000),
    100,
    'Interim (1xx) responses a second from a backend on one connection; ten seconds’ worth at once.',
  ),
  sentResetsPerSecond: setting(
    'AFROUTER_SENT_RESETS_PER_SECOND',
    integer(0, 1_000_000),
    30,
    'Streams a second that the router resets on one connection to a backend, thirty seconds’ worth at once; up to 10000 more wait, the rest goes at once. Servers built on nghttp2 close a connection over 33 a second and 1000 at once. 0 is as they come.',
  ),
  maxConnections: setting(
    'AFROUTER_MAX_CONNECTIONS',
    integer(1, 1_000_000),
    65_536,
    'Client connections of one listener.',
  ),
};
