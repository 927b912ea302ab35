import type { StreamHandler } from '../../src/http2/stream/stream.js';
import { messageOf } from '../message.js';
import type { Target } from '../targets/target.js';
import { Dialler } from './connections.js';
import { plainHeaders } from './request-headers.js';
import { seconds } from './timing.js';

/** Nobody waits longer than 10 s for a proxy to find its backends. */
const TRIES = 100;

/**
 * Resolves when a call through the target succeeds: a proxy that listens has not yet found its backends.
 * @throws Error (rejects) when none does
 */
export async function waitForAnswer(target: Target): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    if (await succeeds(target)) return;
    await seconds(0.1);
  }
  throw new Error(`${target.name} answers no call`);
}

async function succeeds(target: Target): Promise<boolean> {
  const session = await new Dialler({ port: target.port, tls: target.tls, connections: 1 }).one();
  const ok = await new Promise<boolean>((resolve) => {
    const handler: StreamHandler = {
      onHeaders: (list, endStream) => endStream && resolve(list.get('grpc-status') === '0'),
      onData() {},
      onTrailers: (list) => resolve(list.get('grpc-status') === '0'),
      onReset: () => resolve(false),
      onSent() {},
    };
    const stream = session.open(handler, plainHeaders('Call'), undefined, false);
    const request = messageOf(10);
    stream.sendData(request, 0, request.length, true);
  });
  session.close('answered');
  return ok;
}
