import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inRepository } from '../../support/paths.js';

const MODULE = inRepository('test/conformance/go');
const CACHE = inRepository('node_modules/.cache/afrouter-conformance');
const H2SPEC = 'github.com/summerwind/h2spec';
const GRPC = 'google.golang.org/grpc/interop';

/** Paths of the foreign programs. */
export interface GoTools {
  /** h2spec as it is: its requests are plain GETs and POSTs. */
  readonly h2spec: string;
  /** The same, but what all its requests have in common is the head of a gRPC call. */
  readonly h2specGrpc: string;
  readonly interopClient: string;
  readonly interopServer: string;
}

/** The `go` command, or undefined where there is none. */
export function findGo(): string | undefined {
  return ['go', '/usr/local/go/bin/go'].find((candidate) => {
    try {
      execFileSync(candidate, ['version'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}

/** Builds the programs at the versions that test/conformance/go pins, into a cache directory of this checkout. */
export function buildGoTools(go: string): GoTools {
  mkdirSync(CACHE, { recursive: true });
  build(go, ['-o', `${CACHE}/`, `${H2SPEC}/cmd/h2spec`, `${GRPC}/client`, `${GRPC}/server`]);
  const h2specGrpc = join(CACHE, 'h2spec-grpc');
  build(go, [`-modfile=${patchedModule(go)}`, '-o', h2specGrpc, `${H2SPEC}/cmd/h2spec`]);
  return {
    h2spec: join(CACHE, 'h2spec'),
    h2specGrpc,
    interopClient: join(CACHE, 'client'),
    interopServer: join(CACHE, 'server'),
  };
}

function build(go: string, args: readonly string[]): void {
  execFileSync(go, ['build', ...args], { cwd: MODULE, stdio: 'inherit' });
}

/**
 * A copy of h2spec in which `CommonHeaders` gives the head of a gRPC call, and a go.mod that puts it in the original's place.
 * A listener of ours refuses other requests as soon as it has their headers; a case that goes on to break a rule on the
 * open stream would only ever see the refusal.
 */
function patchedModule(go: string): string {
  const origin = execFileSync(go, ['list', '-m', '-f', '{{.Dir}}', H2SPEC], { cwd: MODULE, encoding: 'utf8' }).trim();
  const copy = join(CACHE, 'h2spec-source');
  rmSync(copy, { recursive: true, force: true });
  cpSync(origin, copy, { recursive: true });
  // Files of the module cache are read-only, and so are their copies.
  execFileSync('chmod', ['-R', 'u+w', copy]);
  writeFileSync(join(copy, 'go.mod'), `module ${H2SPEC}\n`);
  const util = join(copy, 'spec/util.go');
  const text = readFileSync(util, 'utf8');
  const patched = text
    .replace('HeaderField(":method", "GET"),', 'HeaderField(":method", "POST"),')
    .replace(
      'HeaderField(":authority", authority),\n',
      '$&HeaderField("content-type", "application/grpc"),\nHeaderField("te", "trailers"),\n',
    );
  if (!patched.includes('"POST"') || !patched.includes('application/grpc')) throw new Error(`${util} has changed`);
  writeFileSync(util, patched);
  const modfile = join(CACHE, 'h2spec-grpc.mod');
  writeFileSync(modfile, `${readFileSync(join(MODULE, 'go.mod'), 'utf8')}\nreplace ${H2SPEC} => ${copy}\n`);
  copyFileSync(join(MODULE, 'go.sum'), modfile.replace(/mod$/, 'sum'));
  return modfile;
}
