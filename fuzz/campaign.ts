import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Finding, kindOf } from './finding.js';
import { minimise } from './minimise.js';
import { mutateBytes } from './mutations/bytes.js';
import { mutateFrames } from './mutations/frames.js';
import { Random } from './random.js';
import { corpus, regressions, saveRegression } from './store.js';
import type { Run, Target } from './target.js';

const MAX_INPUT_BYTES = 131_072;
/** Inputs kept because something new happened, the recorded ones besides, and how long they may be: little against MEMORY_BYTES. */
const MAX_POOL = 400;
const MAX_KEPT_BYTES = 32_768;
/** An input takes a few milliseconds; on a busy machine the second or third try tells. */
const SLOW_MS = 1000;
/** How often memory is looked at, and how much more there may be than after the first look. */
const MEMORY_EVERY = 5000;
const MEMORY_BYTES = 64 * 1024 * 1024;
/** Different findings after which a campaign gives up: something is broken that people should look at first. */
const MAX_FINDINGS = 10;

/** What came of fuzzing one target. */
export interface Campaign {
  executions: number;
  /** Inputs that made something new happen. */
  interesting: number;
  /** What failed, and where its input is kept. */
  readonly findings: { readonly kind: string; readonly stack: string; readonly path: string }[];
}

/** Mutates the corpus of `target` for so many ms, always in the same order for the same seed. */
export async function fuzz(target: Target, milliseconds: number, seed: number): Promise<Campaign> {
  const random = new Random(seed);
  const campaign: Campaign = { executions: 0, interesting: 0, findings: [] };
  const pool = [...corpus(target.corpus), ...regressions(target.name)].map(({ bytes }) => bytes);
  const recorded = pool.length;
  const seen = new Set<string>();
  const found = new Set<string>();
  const memory = new MemoryWatch();
  let run = target.start();
  const until = performance.now() + milliseconds;
  while (performance.now() < until && campaign.findings.length < MAX_FINDINGS) {
    const input = campaign.executions < recorded ? pool[campaign.executions]! : mutated(target, pool, random);
    campaign.executions++;
    try {
      const happened = await timed(run, input);
      if (!seen.has(happened)) {
        seen.add(happened);
        campaign.interesting++;
        if (campaign.executions > recorded) keep(pool, recorded, input, random);
      }
      memory.look(campaign.executions);
    } catch (error) {
      const kind = kindOf(error);
      if (!found.has(kind)) {
        found.add(kind);
        const stack = error instanceof Error ? String(error.stack) : kind;
        campaign.findings.push({ kind, stack, path: saveRegression(target.name, await smallest(target, input, kind)) });
      }
      run = target.start();
    }
  }
  return campaign;
}

function keep(pool: Buffer[], recorded: number, input: Buffer, random: Random): void {
  if (input.length > MAX_KEPT_BYTES) return;
  if (pool.length < recorded + MAX_POOL) pool.push(input);
  else pool[recorded + random.below(MAX_POOL)] = input;
}

function mutated(target: Target, pool: readonly Buffer[], random: Random): Buffer {
  let input = random.pick(pool);
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const mutate = target.framed && !random.once(3) ? mutateFrames : mutateBytes;
    input = mutate(input, random.pick(pool), random);
  }
  return input.subarray(0, MAX_INPUT_BYTES);
}

/** @throws Finding when an input takes long every time */
async function timed(run: Run, input: Buffer): Promise<string> {
  for (let tries = 0; ; tries++) {
    const start = performance.now();
    const happened = await run(input);
    const took = performance.now() - start;
    if (took < SLOW_MS) return happened;
    if (tries === 2) throw new Finding(`an input of ${input.length} bytes takes over ${SLOW_MS} ms`);
  }
}

/** A smaller input with the same finding; `input` itself when it fails only after others. */
async function smallest(target: Target, input: Buffer, kind: string): Promise<Buffer> {
  return minimise(input, async (smaller) => {
    try {
      await timed(target.start(), smaller);
      return false;
    } catch (error) {
      return kindOf(error) === kind;
    }
  });
}

/** Sees to it that nothing of an input stays for ever. */
class MemoryWatch {
  private readonly collect: () => void;
  private before = 0;

  constructor() {
    setFlagsFromString('--expose-gc');
    this.collect = runInNewContext('gc') as () => void;
  }

  /** @throws Finding when more stays than caches may hold */
  look(executions: number): void {
    if (executions % MEMORY_EVERY !== 0) return;
    this.collect();
    const { heapUsed, external } = process.memoryUsage();
    if (this.before === 0) this.before = heapUsed + external;
    const more = heapUsed + external - this.before;
    if (more > MEMORY_BYTES) throw new Finding(`${more} bytes more are held after ${executions} inputs`);
  }
}
