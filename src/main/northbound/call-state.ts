/**
 * The life of a call in the main thread. Only `Call`, with its base classes, changes it, and only along these arrows.
 *
 *     holding ──(first message whole, routed)──▶ linked ──(headers sent)──▶ answering ──(trailers sent)──▶ over
 *        │ no message needed: begins here ────────▲ │                          │                            ▲
 *        └──────────── refused, failed, deadline, client gone ─────────────────┴────────────────────────────┘
 *
 * A call whose reply binds a key stays `linked` until the first response message is whole: nothing is forwarded before the
 * key is bound, or two clients could see two different homes for it.
 */
export const CallState = {
  /** The first request message is gathered, or whole and waits for the end of the turn: the route looks at one of its fields. */
  holding: 0,
  /** A backend has the call; the client has got nothing yet. */
  linked: 1,
  /** Response headers are on their way to the client. */
  answering: 2,
  /** The client has its trailers or is gone; the backend is rid of it. */
  over: 3,
} as const;
export type CallState = (typeof CallState)[keyof typeof CallState];
