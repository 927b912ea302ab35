/**
 * The life of a stream (RFC 9113 §5.1) as two independent halves and a reset:
 *
 *               we send END_STREAM              peer sends END_STREAM
 *     OPEN ───────────────────────▶ HALF_LOCAL ───────────────────────▶ CLOSED
 *       │  peer sends END_STREAM                we send END_STREAM        ▲
 *       ├─────────────────────────▶ HALF_REMOTE ──────────────────────────┤
 *       │            RST_STREAM either way, or the connection is lost      │
 *       └──────────────────────────────────────────────────────────────────┘
 *
 * `idle` streams have no object: an id above the highest seen is idle. Closed streams have none either: a stream leaves
 * the session's table with the transition to CLOSED. (Reserved states do not exist without push.)
 */
export const StreamState = {
  OPEN: 0,
  HALF_LOCAL: 1,
  HALF_REMOTE: 2,
  CLOSED: 3,
} as const;
export type StreamState = (typeof StreamState)[keyof typeof StreamState];

/** The state after we have sent END_STREAM. */
export function afterLocalEnd(state: StreamState): StreamState {
  return (state | StreamState.HALF_LOCAL) as StreamState;
}

/** The state after the peer has sent END_STREAM. */
export function afterRemoteEnd(state: StreamState): StreamState {
  return (state | StreamState.HALF_REMOTE) as StreamState;
}

/** Whether we may still send on the stream. */
export function maySend(state: StreamState): boolean {
  return (state & StreamState.HALF_LOCAL) === 0;
}

/** Whether the peer may still send on the stream. */
export function mayReceive(state: StreamState): boolean {
  return (state & StreamState.HALF_REMOTE) === 0;
}
