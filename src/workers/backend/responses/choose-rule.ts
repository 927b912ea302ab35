import type { MethodKind } from '../method-kind.js';
import type { Request } from '../request.js';
import { FirstResponder } from './first-responder.js';
import { LastToEnd } from './last-to-end.js';
import { Merged } from './merged.js';
import { PassThrough } from './pass-through.js';
import type { ResponseRule } from './response-rule.js';

/** The rule for a request of this kind (behaviour.md, "Responses"). @param replicated replicas may answer differently and come late */
export function chooseRule(request: Request, kind: MethodKind, replicated: boolean): ResponseRule {
  const { settings } = request.backend.context;
  if (!replicated) return new PassThrough(request);
  if (kind.responseStream) return new Merged(request);
  if (kind.requestStream) return new LastToEnd(request, settings.maxMessageBytes);
  return new FirstResponder(request, settings.streamWindow);
}
