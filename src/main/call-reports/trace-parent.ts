import type { HeaderList } from '../../http2/hpack/header-list.js';

/** What a valid `traceparent` says. */
export interface TraceParent {
  /** 32 hexadecimal digits, not all zero. */
  readonly traceId: string;
  /** 16 hexadecimal digits, not all zero. */
  readonly spanId: string;
  /** 8 bits; the lowest: the caller may have recorded it. */
  readonly flags: number;
}

/** W3C Trace Context, 3.2.2; versions to come may say more after it. */
const FORMAT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** A header that is longer is none: no version will need so much, and nobody shall make us look at it. */
const MAX_LENGTH = 256;

/** The trace context of a request; undefined when it has none, more than one, or one that is not well-formed (3.2.2.3). */
export function traceParent(headers: HeaderList): TraceParent | undefined {
  let value: string | undefined;
  for (const field of headers.fields) {
    if (field.name !== 'traceparent') continue;
    if (value !== undefined) return undefined;
    value = field.value;
  }
  if (value === undefined || value.length > MAX_LENGTH) return undefined;
  const [, version, traceId, spanId, flags, more] = FORMAT.exec(value) ?? [];
  if (traceId === undefined || (version === '00' && more !== undefined)) return undefined;
  return { traceId, spanId: spanId!, flags: Number.parseInt(flags!, 16) };
}
