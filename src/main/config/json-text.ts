/** Where JSON text breaks the grammar of RFC 8259. */
export interface JsonFault {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units. */
  readonly column: number;
  readonly found: string;
  readonly allowed: string;
}

/**
 * Parses JSON. A repeated key is no fault; its last value counts. A byte order mark is skipped.
 * @returns the value, or where the text breaks: `JSON.parse` does not tell that in every version of Node
 */
export function parseJson(text: string): { readonly value: unknown } | JsonFault {
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  try {
    return { value: JSON.parse(body) as unknown };
  } catch (error) {
    return findFault(body) ?? { line: 1, column: 1, found: String(error), allowed: 'JSON' };
  }
}

/** Stops the scan: thrown by {@link Scanner}, caught in {@link findFault}. */
class Fault {
  constructor(
    readonly offset: number,
    readonly allowed: string,
  ) {}
}

function findFault(text: string): JsonFault | undefined {
  try {
    new Scanner(text).document();
    return undefined;
  } catch (fault) {
    // A RangeError: nested deeper than the stack, where JSON.parse gives up as well.
    if (!(fault instanceof Fault)) return undefined;
    const before = text.slice(0, fault.offset).split('\n');
    return {
      line: before.length,
      column: before[before.length - 1].length + 1,
      found:
        fault.offset < text.length ? JSON.stringify(String.fromCodePoint(text.codePointAt(fault.offset)!)) : 'the end',
      allowed: fault.allowed,
    };
  }
}

/** Walks JSON text and throws a {@link Fault} at the first place that breaks the grammar; builds nothing. */
class Scanner {
  private at = 0;

  constructor(private readonly text: string) {}

  document(): void {
    this.value();
    if (this.at < this.text.length) throw new Fault(this.at, 'the end of the file');
  }

  private value(): void {
    this.take(/[ \t\n\r]*/y);
    const first = this.text[this.at];
    if (first === '{') this.list('}', 'a key in double quotes', () => this.member());
    else if (first === '[') this.list(']', 'a value', () => this.value());
    else if (first === '"') this.string('a value');
    else if (!this.take(/true|false|null/y) && !this.number()) throw new Fault(this.at, 'a value');
    this.take(/[ \t\n\r]*/y);
  }

  /** An object or array: both are items with commas between. */
  private list(end: string, item: string, scanItem: () => void): void {
    this.at++;
    this.take(/[ \t\n\r]*/y);
    if (this.text[this.at] === end) {
      this.at++;
      return;
    }
    if (this.at === this.text.length) throw new Fault(this.at, `${item} or ${end}`);
    for (;;) {
      scanItem();
      const next = this.text[this.at];
      if (next !== ',' && next !== end) throw new Fault(this.at, `, or ${end}`);
      this.at++;
      if (next === end) return;
    }
  }

  private member(): void {
    this.take(/[ \t\n\r]*/y);
    this.string('a key in double quotes');
    this.take(/[ \t\n\r]*/y);
    if (this.text[this.at] !== ':') throw new Fault(this.at, ':');
    this.at++;
    this.value();
  }

  private string(expected: string): void {
    if (this.text[this.at] !== '"') throw new Fault(this.at, expected);
    this.at++;
    // In pieces, because a single expression for a whole string may exhaust the stack of the regular expression engine.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what JSON forbids here
    while (this.take(/[^"\\\u0000-\u001f]+/y) || this.take(/\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y));
    if (this.text[this.at] !== '"') throw new Fault(this.at, 'the rest of a string (with its closing ")');
    this.at++;
  }

  private number(): boolean {
    const start = this.at;
    if (this.take(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y)) return true;
    if (this.text[start] === '-') throw new Fault(start + 1, 'a digit');
    return false;
  }

  /** Steps over what matches here. @param pattern sticky */
  private take(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match === null || match[0] === '') return false;
    this.at += match[0].length;
    return true;
  }
}
