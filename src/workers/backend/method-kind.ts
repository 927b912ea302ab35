import { RecordFlag } from '../../port/records.js';

/** How a method moves its messages. */
export interface MethodKind {
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

/** Four kinds of method, made once so that a call only picks one. Index: request stream + 2 × response stream. */
const KINDS: readonly MethodKind[] = [
  { requestStream: false, responseStream: false },
  { requestStream: true, responseStream: false },
  { requestStream: false, responseStream: true },
  { requestStream: true, responseStream: true },
];

/** The kind that the flags of an OPEN record name. */
export function methodKind(flags: number): MethodKind {
  return KINDS[
    ((flags & RecordFlag.REQUEST_STREAM) !== 0 ? 1 : 0) + ((flags & RecordFlag.RESPONSE_STREAM) !== 0 ? 2 : 0)
  ]!;
}
