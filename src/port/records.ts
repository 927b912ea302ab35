/**
 * What crosses the port between the main thread and a backend worker, in both directions: batches of records in one
 * transferred ArrayBuffer, and now and then a plain object ({@link ./control-messages.ts}).
 *
 *     batch  := word(PORT_VERSION) record*
 *     record := word(type | flags << 8 | aux << 16) word(slot) word(generation) word(length) payload, padded to words
 *
 * Words are 32-bit in the machine's byte order (both threads run on one machine). `slot` and `generation` name the call
 * ({@link ./call-numbers.ts}). `aux` is 16 bits whose meaning depends on the type; for CREDIT `length` is the number of bytes
 * credited and there is no payload.
 */
export const PORT_VERSION = 3;

/** Bytes of the backend's time at the beginning of some payloads. */
export const DURATION_BYTES = 8;

/** Bytes of an OPEN record's payload before the association id: backend, connection, and the id's length. */
export const OPEN_BYTES = 12;

/** Bytes of one leg in a LEGS record: connection, outcome (int32), two times (float32). */
export const LEG_BYTES = 16;

/** Words of a record before its payload. */
export const RECORD_WORDS = 4;

/** Record types. Arrows say who sends it: ↓ main to worker, ↑ worker to main. */
export const RecordType = {
  /**
   * ↓ a call begins. Payload: backend number (uint32, for numbers are not used again and reloads go on for years), connection
   * (int32, -1 = all), association id, request headers.
   */
  OPEN: 1,
  /** ↓↑ body bytes. With flag END ↓ the client has half-closed. */
  DATA: 2,
  /** ↓ the client is gone or the call was given up: every stream of it is cancelled. */
  CANCEL: 3,
  /** ↓↑ so many bytes have been passed on; give their sender its window back. */
  CREDIT: 4,
  /** ↑ response headers. aux = index of the connection that gave them. */
  HEADERS: 5,
  /**
   * ↑ trailers; the call is over. With flag TRAILERS_ONLY they are the whole answer. aux = connection index; payload: the
   * backend's time (float64 in ms, from the streams being opened to now), the list.
   */
  TRAILERS: 6,
  /** ↑ the call failed in the worker; it is over. aux = gRPC status; payload: the backend's time as in TRAILERS, message in UTF-8. */
  FAIL: 7,
  /**
   * ↑ how the legs of a call opened with flag REPORT came out; before its TRAILERS or FAIL, or with flag END in answer to its
   * CANCEL. Payload: {@link LEG_BYTES} a leg, see `LegReport`.
   */
  LEGS: 8,
} as const;
export type RecordType = (typeof RecordType)[keyof typeof RecordType];

/** Record flags; each is used with the types named in {@link RecordType}. */
export const RecordFlag = {
  /** OPEN, DATA: no request bytes follow. LEGS: the call is over. */
  END: 1,
  /** OPEN: the method streams requests. */
  REQUEST_STREAM: 2,
  /** OPEN: the method streams responses. */
  RESPONSE_STREAM: 4,
  /** TRAILERS: headers and trailers in one. */
  TRAILERS_ONLY: 8,
  /** OPEN: the worker is to say how the legs came out. */
  REPORT: 16,
} as const;

/**
 * How many bytes of credit to gather before a CREDIT record is worth sending, for streams with this window in bytes. Small
 * against the window, so that credit held back can never be all the sender waits for.
 */
export function creditStep(windowBytes: number): number {
  return Math.max(1, Math.min(16384, windowBytes >>> 3));
}
