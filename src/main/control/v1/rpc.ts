import { type handleUnaryCall, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { ControlError } from '../control-error.js';

/** Does one call's work; fails with ControlError. */
export type Answer<Req, Res> = (request: Req) => Res | Promise<Res>;

/** A call that only looks. */
export function query<Req, Res>(log: Logger, rpc: string, answer: Answer<Req, Res>): handleUnaryCall<Req, Res> {
  return (call, done) => void respond(log, rpc, answer, call, done);
}

/** A call that changes something: it is logged, whether it succeeds or not. Requests are not: keys are clients' data. */
export function change<Req, Res>(log: Logger, rpc: string, answer: Answer<Req, Res>): handleUnaryCall<Req, Res> {
  return (call, done) =>
    void respond(log, rpc, answer, call, (error, response) => {
      const details = (error as { details?: string } | null)?.details;
      log.info(
        { event: 'control_change', rpc, success: error === null, error: details },
        'change through the control API',
      );
      done(error, response);
    });
}

async function respond<Req, Res>(
  log: Logger,
  rpc: string,
  answer: Answer<Req, Res>,
  call: ServerUnaryCall<Req, Res>,
  done: sendUnaryData<Res>,
): Promise<void> {
  let response: Res;
  try {
    response = await answer(call.request);
  } catch (error) {
    done(serviceError(log, rpc, error));
    return;
  }
  done(null, response);
}

/** What the caller is told of a failure; one that nobody foresaw is for the log. */
export function serviceError(log: Logger, rpc: string, error: unknown): { code: number; details: string } {
  if (error instanceof ControlError) return { code: error.code, details: error.message };
  log.error({ event: 'control_failed', rpc, err: error }, 'a call of the control API failed');
  return { code: status.INTERNAL, details: 'failed; the log says why' };
}
