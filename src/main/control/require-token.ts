import { createHash, timingSafeEqual } from 'node:crypto';
import { ServerInterceptingCall, type ServerInterceptor, ServerListenerBuilder, status } from '@grpc/grpc-js';

/** Probes carry no credentials, and learn no more than that the router serves. */
const OPEN_TO_ALL = '/grpc.health.v1.Health/';

/** Ends every call that does not carry `authorization: Bearer TOKEN` with UNAUTHENTICATED, before its request is read. */
export function requireToken(token: string): ServerInterceptor {
  const expected = digest(`Bearer ${token}`);
  return (method, call) => {
    if (method.path.startsWith(OPEN_TO_ALL)) return new ServerInterceptingCall(call);
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next(
          new ServerListenerBuilder()
            .withOnReceiveMetadata((metadata, pass) => {
              const given = metadata.get('authorization');
              // Digests have one length, so that the comparison takes the same time whatever was sent.
              if (given.length === 1 && timingSafeEqual(digest(String(given[0])), expected)) pass(metadata);
              else call.sendStatus({ code: status.UNAUTHENTICATED, details: 'authorization: Bearer TOKEN is needed' });
            })
            .build(),
        ),
    });
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
