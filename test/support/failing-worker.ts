/** A worker of Piscina in place of the router's own: it starts, and every change fails. */
export function start(): void {}

export function move(): void {
  throw new Error('a test fails this task');
}

export const drain = move;
export const certificates = move;
export const configure = move;
