import type { Socket } from 'node:net';

/** `address:port` of the client, for the log. */
export function peerOf(socket: Socket): string {
  return `${socket.remoteAddress}:${socket.remotePort}`;
}
