/**
 * The states of a connection. It is in exactly one; only `Connection.become` changes it.
 *
 *               address known                TCP connected and SETTINGS seen
 *     unset ───────────────────▶ dialling ──────────────────────────────────▶ open
 *                                 ▲   │ refused, timed out                     │
 *                    delay is over│   ▼                                        │ lost
 *                                waiting ◀─────────────────────────────────────┤
 *                                 ▲                                            │ GOAWAY, move, ids used up
 *                                 └── (no delay: straight to dialling) ◀───────┘ the old session drains
 *
 * From `open` by the last arrow, the connection is also *expected* for a while (`Connection.isExpected`): calls wait for it.
 *
 *     any ──▶ closed (removed, or the worker stops)
 */
export type ConnectionState = 'unset' | 'dialling' | 'open' | 'waiting' | 'closed';
