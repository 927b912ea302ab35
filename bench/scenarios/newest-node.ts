import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Lab } from '../lab.js';
import { saturate } from '../measures.js';
import type { Scenario } from '../scenario.js';
import { afrouter, haproxy } from '../targets/start.js';

const NEWEST = '26';
const CONCURRENCY = { connections: 8, streams: 20 };

export const ON_NEWEST = `afrouter, Node ${NEWEST}`;

export const newestNode: Scenario = {
  name: 'newest-node',
  title: `On Node ${NEWEST}`,
  about: `Unary calls of 10 B, 8 connections × 20 streams; afrouter on this machine's Node and on Node ${NEWEST} (npm package \`node\`).`,
  metrics: ['rate', 'cpuPerCall', 'peakMemory'],
  reference: 'HAProxy',
  when: 'usual',
  async run(lab) {
    const node = await findNode(lab);
    if (node === undefined) return [];
    const targets = await lab.start(haproxy(lab), afrouter(lab), afrouter(lab, { name: ON_NEWEST, node }));
    const result = await lab.rounds('10 B, 8 × 20', targets, saturate(lab, CONCURRENCY));
    return [result];
  },
};

/** Path of the newest Node, which npm fetches once and keeps; undefined, with a message, when it cannot be had. */
async function findNode(lab: Lab): Promise<string | undefined> {
  const args = ['exec', '--yes', `--package=node@${NEWEST}`, '--', 'node', '-p', 'process.execPath'];
  try {
    const { stdout } = await promisify(execFile)('npm', args, { cwd: lab.dir, timeout: 120_000 });
    return stdout.trim();
  } catch {
    lab.say(`Node ${NEWEST} cannot be had (npm ${args.join(' ')}): left out`);
    return undefined;
  }
}
