import type { ConfigNode } from '../config-node.js';
import type { Findings } from '../findings.js';

/** Reports names that stand twice among objects of one kind. @param what the kind, for the message: `server` */
export function requireUniqueNames(nodes: readonly ConfigNode[], what: string, findings: Findings): void {
  const first = new Map<string, ConfigNode>();
  for (const node of nodes) {
    const name = node.member('name');
    const text = name.name();
    if (text === undefined) continue;
    const earlier = first.get(text);
    if (earlier === undefined) first.set(text, name);
    else findings.problem(name, `a ${what} name that is not in use (it is at ${earlier.path})`);
  }
}

/** The names that objects of one kind have, in order, each once. */
export function namesOf(nodes: readonly ConfigNode[]): readonly string[] {
  return [...new Set(nodes.map((node) => node.member('name').name()).filter((name) => name !== undefined))];
}

/** Names as a message lists them. */
export function nameList(names: Iterable<string>): string {
  const list = [...names];
  return list.length === 0 ? 'none is defined' : list.join(', ');
}
