/** How a leg of a request came out; the number stands in LEGS records, the name in logs, traces and metrics. */
export const LegOutcome = {
  /** Its answer, or a part of a merged one, went to the client. */
  active: 0,
  /** It was not needed: another answer was taken. */
  discarded: 1,
  /** It said `transaction-not-acquired`. */
  declined: 2,
  /** Lost to a transport failure, a malformed answer or a stall. */
  lost: 3,
  /** It ended with the client's call. */
  cancelled: 4,
} as const;
export type LegOutcome = (typeof LegOutcome)[keyof typeof LegOutcome];

const NAMES: readonly string[] = ['active', 'discarded', 'not-acquired', 'lost', 'cancelled'];

/** The name of an outcome. */
export function outcomeName(outcome: LegOutcome): string {
  return NAMES[outcome] ?? 'unknown';
}

/** One leg of a request that is over for its client. */
export interface LegReport {
  /** Index of the connection in its backend. */
  readonly connection: number;
  readonly outcome: LegOutcome;
  /** From the request being opened to the leg being opened, in ms. */
  readonly openedMs: number;
  /** From the request being opened to the leg's end, or to the request's where the leg was not over; in ms. */
  readonly endedMs: number;
}
