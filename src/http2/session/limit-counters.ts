/**
 * What a session refused or ended because of a limit, and how often its peer broke the protocol. One object for all sessions
 * of a listener or of a worker's backends; the owner reads it for its metrics. Plain numbers, counted where it happens.
 */
export interface LimitCounters {
  /** Streams over SETTINGS_MAX_CONCURRENT_STREAMS, refused with REFUSED_STREAM. */
  streamsRefused: number;
  /** Header lists over the limit in bytes or fields. */
  headerListsOversized: number;
  /** Connections ended: a header block over its bytes. */
  headerBlockBytes: number;
  /** Connections ended: CONTINUATION frames over their number (CVE-2024-27316). */
  continuations: number;
  /** Connections sent away or ended: the peer resets streams too often (CVE-2023-44487, rapid reset). */
  resets: number;
  /** Connections sent away or ended: the peer makes us reset streams too often (CVE-2025-8671, MadeYouReset). */
  faults: number;
  /** Connections sent away or ended: the peer opens streams over its limit again and again. */
  refusals: number;
  /** Connections sent away or ended: SETTINGS or GOAWAY too often (CVE-2019-9515), or SETTINGS with too many entries. */
  settings: number;
  /** Connections sent away or ended: PING too often (CVE-2019-9512). */
  pings: number;
  /** Connections sent away or ended: empty DATA frames too often (CVE-2019-9518). */
  emptyFrames: number;
  /** Connections sent away or ended: WINDOW_UPDATE too often for the DATA we sent. */
  windowUpdates: number;
  /** Connections sent away or ended: PRIORITY too often (CVE-2019-9513). */
  priorities: number;
  /** Connections sent away or ended: frames of unknown types, or ACKs of nothing, too often. */
  unknownFrames: number;
  /** Connections ended: interim (1xx) responses too often. */
  interimResponses: number;
  /** Connections ended: the peer does not read and what must be sent piles up (CVE-2019-9517). */
  outputBytes: number;
  /** Connections ended: no preface or no SETTINGS in time. */
  handshakeTimeouts: number;
  /** Connections ended: a header block or a frame begun and not finished in time. */
  headerTimeouts: number;
  /** Streams reset: the peer took nothing of what waits for it for too long. */
  stalledStreams: number;
  /** Connections ended: the peer took nothing of what waits in the socket for too long. */
  stalledConnections: number;
  /** Connections ended: the peer did not answer a PING. */
  keepaliveTimeouts: number;
  /** Connections sent away: they had no stream for too long. */
  idleTimeouts: number;
  /** Connections sent away: they had reached their age. */
  connectionAges: number;
  /** Streams ended: they had reached their age. */
  streamAges: number;
  /** Connections ended for any other breach of HTTP/2. */
  protocolErrors: number;
}

/** The limits by name. */
export type Limit = keyof LimitCounters;

/** All zero. */
export function newLimitCounters(): LimitCounters {
  return {
    streamsRefused: 0,
    headerListsOversized: 0,
    headerBlockBytes: 0,
    continuations: 0,
    resets: 0,
    faults: 0,
    refusals: 0,
    settings: 0,
    pings: 0,
    emptyFrames: 0,
    windowUpdates: 0,
    priorities: 0,
    unknownFrames: 0,
    interimResponses: 0,
    outputBytes: 0,
    handshakeTimeouts: 0,
    headerTimeouts: 0,
    stalledStreams: 0,
    stalledConnections: 0,
    keepaliveTimeouts: 0,
    idleTimeouts: 0,
    connectionAges: 0,
    streamAges: 0,
    protocolErrors: 0,
  };
}
