import type { ReplicaCall } from './replica-call.js';
import { loadService, type Message } from './service.js';

/** `afrouter.test.Echo` of protos/echo.proto. */
export const echoService = loadService('echo.proto', 'afrouter.test.Echo');

export interface EchoPlan {
  readonly status?: number;
  readonly statusMessage?: string;
  readonly delayMs?: number;
  readonly responses?: number;
  readonly responseBytes?: number;
  readonly hang?: boolean;
  readonly only?: string;
  readonly answerKey?: string;
}

export interface EchoRequest {
  readonly key?: string;
  readonly payload?: Buffer;
  readonly plan?: EchoPlan;
  readonly place?: { readonly site?: string; readonly rack?: { readonly row?: number; readonly slot?: string } };
  readonly transaction?: string;
  readonly before?: { readonly lines?: readonly string[]; readonly packed?: readonly number[] };
  readonly plain?: number;
  readonly signed?: number;
  readonly fixed?: number | string;
  readonly large?: number | string;
  readonly number?: number;
}

export interface EchoResponse {
  readonly key: string;
  readonly payload: Buffer;
  readonly replica: string;
  readonly index: number;
  readonly received: number;
  readonly receivedBytes: string;
}

const EMPTY = Buffer.alloc(0);

/**
 * What a replica of the echo service does: as the plan in the first request says, at once and one for one without one.
 * May be called late, for a call that has its requests already.
 */
export function echo(call: ReplicaCall): void {
  const { requestStream, responseStream } = echoService[call.method]!;
  if (requestStream && responseStream) {
    const answer = (request: Message) => {
      if (!followPlan(call, planOf(call), 1)) call.answer(answerTo(call, request));
    };
    for (const request of call.requests) answer(request);
    call.onRequest = answer;
    call.whenHalfClosed(() => {
      if (planOf(call).hang !== true) call.end();
    });
    return;
  }
  call.whenHalfClosed(() => {
    const plan = planOf(call);
    if (!followPlan(call, plan, responseStream ? Math.max(1, plan.responses ?? 1) : 1)) {
      call.answer(answerTo(call, call.requests.at(-1) ?? {}));
      call.end();
    }
  });
}

/**
 * A replica that answers each request and never ends, for calls that are cancelled: grpc-js half-closes before it cancels, and one
 * that ends at that might be through first.
 */
export function answerWithoutEnd(call: ReplicaCall): void {
  call.onRequest = () => {
    call.answer({});
  };
}

/** The plan, unless it is meant for another replica. */
function planOf(call: ReplicaCall): EchoPlan {
  const plan = (call.requests[0] as EchoRequest | undefined)?.plan ?? {};
  return plan.only === undefined || plan.only === '' || plan.only === call.replica ? plan : {};
}

/** Returns false when the plan asks for nothing out of the ordinary. */
function followPlan(call: ReplicaCall, plan: EchoPlan, responses: number): boolean {
  if (plan.hang) return true;
  if (!plan.status && !plan.delayMs && responses === 1) return false;
  void answerSlowly(call, plan, plan.status ? (plan.responses ?? 0) : responses);
  return true;
}

async function answerSlowly(call: ReplicaCall, plan: EchoPlan, responses: number): Promise<void> {
  const request = call.requests.at(-1) ?? {};
  for (let i = 0; i < responses && !call.cancelled; i++) {
    if (plan.delayMs) await new Promise((resolve) => setTimeout(resolve, plan.delayMs));
    if (!call.answer(answerTo(call, request, i))) await drained(call);
  }
  if (plan.status && responses === 0 && plan.delayMs) await new Promise((resolve) => setTimeout(resolve, plan.delayMs));
  if (call.cancelled) return;
  if (plan.status) call.fail(plan.status, plan.statusMessage ?? '');
  else if (call.halfClosed) call.end();
}

function drained({ stream }: ReplicaCall): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done).off('cancelled', done);
      resolve();
    };
    stream.on('drain', done).on('cancelled', done);
  });
}

/** The ordinary answer: the request's key and payload, and what the replica had until now. */
export function answerTo(call: ReplicaCall, request: Message, index = 0): Message {
  const { key, payload } = request as EchoRequest;
  const plan = planOf(call);
  let bytes = 0;
  for (const each of call.requests) bytes += (each as EchoRequest).payload?.length ?? 0;
  return {
    key: plan.answerKey || key || '',
    payload: plan.responseBytes ? Buffer.alloc(plan.responseBytes, call.replica) : (payload ?? EMPTY),
    replica: call.replica,
    index,
    received: call.requests.length,
    receivedBytes: String(bytes),
  };
}
