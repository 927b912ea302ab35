/**
 * The name of a call in logs, in traces and in `afrouter ctl calls`: its listener, the number of its connection there, and its
 * stream. No two calls of a process have the same one, unless a listener was removed and came back.
 */
export function callName(listener: string, connection: number, stream: number): string {
  return `${clientName(listener, connection)}/${stream}`;
}

/** The name of a client's connection. */
export function clientName(listener: string, connection: number): string {
  return `${listener}/${connection}`;
}
