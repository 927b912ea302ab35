import type { HeaderField } from '../hpack/header-field.js';
import type { HeaderList } from '../hpack/header-list.js';

/** What a header block is for; each has its own rules (RFC 9113 §8.1–8.3). */
export const BlockKind = { request: 1, response: 2, trailers: 4 } as const;
export type BlockKind = (typeof BlockKind)[keyof typeof BlockKind];

/** Connection-specific fields, which make a message malformed (RFC 9113 §8.2.2). */
const connectionSpecific = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);

/**
 * Checks a header list against RFC 9113 §8.2 and §8.3: lower-case legal names, legal values (no CR, LF, NUL, no
 * surrounding white space), no connection-specific fields, `te` only `trailers`, a numeric `content-length`, the
 * pseudo-header fields of its kind: all there, once, before the others, and of a request one authority without userinfo. A
 * list is immutable, so it is checked once.
 * @returns undefined when it is well-formed, otherwise what is wrong (names only, never values)
 */
export function malformed(list: HeaderList, kind: BlockKind): string | undefined {
  if ((list.checked & kind) !== 0) return undefined;
  const problem = check(list, kind);
  if (problem === undefined) list.checked |= kind;
  return problem;
}

/**
 * What a field is by itself, as bits in its `traits`. A field that repeats is one object, so that it is looked at once and the
 * check of a list that is new with every call (a tracing id, a serial number) costs little more than its new fields.
 */
const METHOD = 1;
const SCHEME = 2;
const AUTHORITY = 4;
const PATH = 8;
const STATUS = 16;
const OTHER_PSEUDO = 32;
const CONTENT_LENGTH = 64;
const HOST = 128;
/** Breaks a rule by itself; {@link fault} tells which. */
const FAULTY = 256;
/** Nothing of the above: a field that no rule concerns. */
const PLAIN = 512;
/** Of `:method`, and of `:path`: what they hold matters to the list. */
const CONNECT = 1024;
const EMPTY_PATH = 2048;

const PSEUDO = METHOD | SCHEME | AUTHORITY | PATH | STATUS | OTHER_PSEUDO;
const OF_REQUEST = METHOD | SCHEME | AUTHORITY | PATH;

function traitsOf(field: HeaderField): number {
  const { name, value } = field;
  const faulty = fault(field) === undefined ? 0 : FAULTY;
  if (name.charCodeAt(0) === 58 /* : */) {
    const bit = pseudoBit(name);
    if (bit === METHOD && value === 'CONNECT') return METHOD | CONNECT;
    if (bit === PATH && value === '') return PATH | EMPTY_PATH;
    return bit | faulty;
  }
  if (faulty !== 0) return FAULTY;
  return name === 'content-length' ? CONTENT_LENGTH : name === 'host' ? HOST : PLAIN;
}

function pseudoBit(name: string): number {
  switch (name) {
    case ':method':
      return METHOD;
    case ':scheme':
      return SCHEME;
    case ':authority':
      return AUTHORITY;
    case ':path':
      return PATH;
    case ':status':
      return STATUS;
    default:
      return OTHER_PSEUDO;
  }
}

/** What is wrong with a field by itself. Whether a pseudo-header field may stand where it does is a matter of its list. */
function fault({ name, value }: HeaderField): string | undefined {
  if (name.charCodeAt(0) !== 58 /* : */) {
    if (!legalName(name)) return `illegal field name ${printable(name)}`;
    if (connectionSpecific.has(name)) return `connection-specific field ${name}`;
    if (name === 'content-length' && contentLength(value) < 0) return 'content-length is not one number';
    if (name === 'te' && value !== 'trailers') return 'te is not trailers';
  } else if (name === ':authority' && value.includes('@')) {
    return ':authority has userinfo';
  }
  return legalValue(value) ? undefined : `illegal characters in the value of ${printable(name)}`;
}

function check(list: HeaderList, kind: BlockKind): string | undefined {
  const { fields } = list;
  let seen = 0;
  let regular = false;
  let authority: string | undefined;
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]!;
    if (field.traits === 0) field.traits = traitsOf(field);
    const { traits } = field;
    if (traits === PLAIN) {
      regular = true;
      continue;
    }
    if ((traits & PSEUDO) !== 0) {
      if (regular) return `pseudo-header ${printable(field.name)} after regular fields`;
      const allowed = kind === BlockKind.request ? OF_REQUEST : kind === BlockKind.response ? STATUS : 0;
      if ((traits & allowed) === 0) return `pseudo-header ${printable(field.name)} is not allowed here`;
      if ((seen & traits & PSEUDO) !== 0) return `pseudo-header ${field.name} twice`;
      seen |= traits;
    } else {
      regular = true;
    }
    if ((traits & FAULTY) !== 0) return fault(field);
    if ((traits & CONTENT_LENGTH) !== 0) {
      const length = contentLength(field.value);
      if (list.contentLength >= 0 && list.contentLength !== length) return 'content-length is not one number';
      list.contentLength = length;
    }
    if ((traits & AUTHORITY) !== 0 || ((traits & HOST) !== 0 && kind === BlockKind.request)) {
      // Who routes by one and who serves by the other must not disagree (§8.3.1).
      if (authority !== undefined && field.value.toLowerCase() !== authority.toLowerCase()) {
        return 'host is not :authority';
      }
      authority = field.value;
    }
  }
  if (kind === BlockKind.request) return checkRequestPseudo(seen);
  if (kind === BlockKind.response && (seen & STATUS) === 0) return ':status is missing';
  if (kind === BlockKind.response && !/^[1-9][0-9][0-9]$/.test(fields[0]!.value)) return ':status is not a number';
  if (kind === BlockKind.response && fields[0]!.value === '101') return ':status 101 does not exist in HTTP/2';
  return undefined;
}

/** @param seen traits of the pseudo-header fields */
function checkRequestPseudo(seen: number): string | undefined {
  if ((seen & CONNECT) !== 0) {
    // A request for a tunnel has no other pseudo-header fields than these (§8.5).
    if ((seen & PSEUDO) === (METHOD | AUTHORITY)) return undefined;
    return 'CONNECT wants :authority, and neither :scheme nor :path';
  }
  if ((seen & EMPTY_PATH) !== 0) return ':path is empty';
  const wanted = METHOD | SCHEME | PATH;
  return (seen & wanted) === wanted ? undefined : ':method, :scheme or :path is missing';
}

/** A `content-length` (RFC 9110 §8.6) in bytes, or -1 when it is not a plain number below 2^53. */
function contentLength(value: string): number {
  return /^[0-9]{1,15}$/.test(value) ? Number(value) : -1;
}

/** RFC 9113 §8.2.1 with RFC 9110 §5.6.2: a lower-case token. */
function legalName(name: string): boolean {
  const { length } = name;
  if (length === 0) return false;
  for (let i = 0; i < length; i++) if (TOKEN[name.charCodeAt(i)] !== 1) return false;
  return true;
}

const TOKEN = new Uint8Array(256);
for (const c of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz") TOKEN[c.charCodeAt(0)] = 1;

/** RFC 9113 §8.2.1: no NUL, CR or LF anywhere, no white space at either end. */
function legalValue(value: string): boolean {
  const { length } = value;
  if (length === 0) return true;
  for (let i = 0; i < length; i++) {
    const c = value.charCodeAt(i);
    if (c === 0 || c === 10 || c === 13) return false;
  }
  const first = value.charCodeAt(0);
  const last = value.charCodeAt(length - 1);
  return first !== 32 && first !== 9 && last !== 32 && last !== 9;
}

/** A name as it may stand in an error message: illegal characters replaced, length bounded. */
function printable(name: string): string {
  return JSON.stringify(name.slice(0, 64).replace(/[^\x21-\x7e]/g, '?'));
}
