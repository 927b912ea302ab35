import { type ConfigProblem, describeValue } from './config-error.js';
import type { ConfigNode } from './config-node.js';

/** Collects what is wrong with one file while it is read, so that everything is reported at once. */
export class Findings {
  readonly problems: ConfigProblem[] = [];
  readonly warnings: string[] = [];
  /** What was said already: the same thing may come up once for each method that meets it. */
  private readonly said = new Set<string>();

  /** @param file the file as the operator named it */
  constructor(readonly file: string) {}

  /** Something that makes the file unusable. `found` is the node's value unless told otherwise. */
  problem(node: ConfigNode, allowed: string, found: string = describeValue(node.value)): void {
    if (this.isNew(`${node.path}\n${found}`)) this.problems.push({ file: this.file, path: node.path, found, allowed });
  }

  /** Something that was probably not meant, but works. */
  warn(node: ConfigNode, text: string): void {
    const warning = `${this.file}: ${node.path}: ${text}`;
    if (this.isNew(warning)) this.warnings.push(warning);
  }

  private isNew(text: string): boolean {
    if (this.said.has(text)) return false;
    this.said.add(text);
    return true;
  }
}
