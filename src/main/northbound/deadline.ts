import { RpcError } from '../../grpc/rpc-error.js';
import { Status } from '../../grpc/status-code.js';
import type { MethodRoute, RouteDecision } from '../routing/route.js';

/** What a deadline ends. */
export interface Deadlined {
  deadlineOver(): void;
}

/**
 * Timers are rounded up to this many ms: Node keeps one list per duration, and calls with the deadlines "4.98 s", "4.99 s"
 * would each cost a list of their own. A deadline here only backs the backend's own, so later is fine.
 */
const STEP_MS = 32;

/** Node fires longer timers at once. 24.8 days: such a deadline is left to the backend. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** What a call ends with whose deadline cannot be read. */
export const MALFORMED_TIMEOUT = new RpcError(Status.INTERNAL, 'malformed grpc-timeout');

/** Calls `deadlineOver` after `ms` and up to 32 ms more, unless the timer is cleared. */
export function startDeadline(ms: number, call: Deadlined): NodeJS.Timeout | null {
  const rounded = Math.ceil(ms / STEP_MS) * STEP_MS;
  return rounded > MAX_TIMER_MS ? null : setTimeout(fire, rounded, call);
}

/** What a call ends with whose deadline is over; says how far it had come. */
export function deadlineError({ routeName }: MethodRoute, decision: RouteDecision | null): RpcError {
  const whereabouts =
    decision === null ? `before route ${routeName} had its first message` : `at backend ${decision.backend.name}`;
  return new RpcError(Status.DEADLINE_EXCEEDED, `deadline exceeded ${whereabouts}`);
}

/** Shared by all timers, so that none needs a closure. */
function fire(call: Deadlined): void {
  call.deadlineOver();
}
