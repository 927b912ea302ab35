/** How often what was to be sent had to wait. One object for all sessions of a listener or of a worker's backends. */
export interface FlowCounters {
  /** For window, the stream's or the connection's. */
  windowStalls: number;
  /** For the socket, which had not taken what it was given before. */
  socketStalls: number;
}

/** All zero. */
export function newFlowCounters(): FlowCounters {
  return { windowStalls: 0, socketStalls: 0 };
}
