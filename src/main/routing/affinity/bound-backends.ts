import type { RoutableBackend } from '../route.js';

/** Numbers for the backends that the keys of one table lead to. A number is used again once no row has it. */
export class BoundBackends {
  private readonly backends: RoutableBackend[] = [];
  /** Rows by number. */
  private readonly rows: number[] = [];

  /** Takes the number of a backend for one row. */
  take(backend: RoutableBackend): number {
    let number = this.backends.indexOf(backend);
    if (number < 0) number = this.rows.indexOf(0);
    if (number < 0) number = this.rows.push(0) - 1;
    this.backends[number] = backend;
    this.rows[number]!++;
    return number;
  }

  /** A row that had the number is gone. */
  give(number: number): void {
    this.rows[number]!--;
  }

  /** Where keys with that number lead now; undefined when the configuration has no place for them any more. */
  current(number: number): RoutableBackend | undefined {
    const backend = this.backends[number]!;
    const current = backend.current();
    if (current !== undefined && current !== backend) this.backends[number] = current;
    return current;
  }

  /** Where they led when that was last looked at. */
  last(number: number): RoutableBackend {
    return this.backends[number]!;
  }
}
