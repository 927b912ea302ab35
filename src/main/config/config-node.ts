/**
 * A place in the parsed JSON and its path. Every reader answers undefined (or no elements) for a value of another shape, so
 * references can be followed as far as they go also in a file that breaks the schema, whose errors the schema has named already.
 */
export class ConfigNode {
  /**
   * @param value undefined when nothing stands there
   * @param path as messages show it: `servers[0].port`
   */
  constructor(
    readonly value: unknown,
    readonly path: string,
  ) {}

  get present(): boolean {
    return this.value !== undefined;
  }

  member(key: string): ConfigNode {
    const { value } = this;
    const found = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
    return new ConfigNode(found, memberPath(this.path, key));
  }

  elements(): readonly ConfigNode[] {
    return Array.isArray(this.value)
      ? this.value.map((item, index) => new ConfigNode(item, `${this.path}[${index}]`))
      : [];
  }

  /** The elements that are objects. */
  objects(): readonly ConfigNode[] {
    return this.elements().filter((element) => isObject(element.value));
  }

  /** The elements that are strings. */
  texts(): readonly ConfigText[] {
    return this.elements().filter((element): element is ConfigText => typeof element.value === 'string');
  }

  text(): string | undefined {
    return typeof this.value === 'string' ? this.value : undefined;
  }

  /** A string that is not empty. */
  name(): string | undefined {
    return this.text() || undefined;
  }

  flag(): boolean | undefined {
    return typeof this.value === 'boolean' ? this.value : undefined;
  }

  /** A whole number, also written as a string. */
  integer(): number | undefined {
    if (Number.isInteger(this.value)) return this.value as number;
    return typeof this.value === 'string' && /^\d+$/.test(this.value) ? Number(this.value) : undefined;
  }
}

/** A node that is known to hold a string. */
export type ConfigText = ConfigNode & { readonly value: string };

/** The path of a member: `a.b`, and `a["b c"]` for a key that is no plain name. */
export function memberPath(path: string, key: string): string {
  if (!/^[A-Za-z_$][\w$]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
