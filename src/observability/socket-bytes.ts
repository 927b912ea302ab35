import type { Socket } from 'node:net';

/** Bytes that a changing set of sockets has carried. The sockets count them anyway; this only adds up when it is asked. */
export class SocketBytes {
  private readonly live = new Set<Socket>();
  private receivedBefore = 0;
  private sentBefore = 0;

  /** From now on the socket counts too, with what it has carried so far. */
  add(socket: Socket): void {
    this.live.add(socket);
    socket.once('close', () => {
      this.live.delete(socket);
      this.receivedBefore += socket.bytesRead;
      this.sentBefore += socket.bytesWritten;
    });
  }

  get received(): number {
    let bytes = this.receivedBefore;
    for (const socket of this.live) bytes += socket.bytesRead;
    return bytes;
  }

  /** What was given to the sockets; a little of it may not have left yet. */
  get sent(): number {
    let bytes = this.sentBefore;
    for (const socket of this.live) bytes += socket.bytesWritten;
    return bytes;
  }
}
