import { readFileSync, rmSync } from 'node:fs';
import { createServer, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Daemon } from '../../support/daemon.js';
import { grpcMessage } from '../../support/frames.js';
import { freePort } from '../../support/free-ports.js';
import { connectionName, routingFile } from '../../support/one-backend.js';
import { makeCertificate } from './certificate.js';
import type { GoTools } from './go-tools.js';
import { runProgram } from './program.js';
import type { CaseResult, SuiteResult } from './result.js';

const PATH = '/afrouter.test.Echo/Unary';
/**
 * A case goes one over this limit and then drops the connection. With the default of 1024 the backend (nghttp2's guard against
 * rapid reset lets 1000 resets through) would send the router away, and the cases after that would see it.
 */
const CONCURRENT_STREAMS = 100;
const RUN_LIMIT_MS = 300_000;

/** Runs h2spec, as it is and with gRPC requests, strict cases included, against listeners of the built daemon. */
export async function h2specSuites(tools: GoTools): Promise<SuiteResult[]> {
  const backend = await answerer();
  const certificate = makeCertificate();
  try {
    return [
      {
        suite: 'h2spec-grpc',
        about: 'h2spec -S, its requests being gRPC calls, against a listener',
        cases: await againstListener(tools.h2specGrpc, backend),
      },
      {
        suite: 'h2spec-tls',
        about: 'the same over TLS',
        cases: await againstListener(tools.h2specGrpc, backend, certificate.tls),
      },
      {
        suite: 'h2spec',
        about: 'h2spec -S as it is (GET and POST, not gRPC), against a listener',
        cases: await againstListener(tools.h2spec, backend),
      },
    ];
  } finally {
    backend.close();
    certificate.remove();
  }
}

async function againstListener(program: string, backend: Http2Server, tls?: object): Promise<CaseResult[]> {
  const port = await freePort();
  const service = { package: 'afrouter.test', service: 'Echo', proto: 'protos/echo.proto' };
  const { port: at } = backend.address() as AddressInfo;
  const extras = tls === undefined ? {} : { tls };
  const daemon = await Daemon.start(routingFile(port, [service], 'server', [at], extras), {
    env: { AFROUTER_MAX_CONCURRENT_STREAMS: String(CONCURRENT_STREAMS) },
  });
  try {
    await daemon.untilOpen([connectionName(0)]);
    return await h2spec(program, port, tls === undefined ? [] : ['-t', '-k']);
  } finally {
    await daemon.stop();
  }
}

/**
 * The backend h2spec needs: whatever the call's body is, at its end it answers 200, a body and OK. (A gRPC server would refuse
 * h2spec's bodies, which are no messages.)
 */
async function answerer(): Promise<Http2Server> {
  const server = createServer();
  server.on('stream', (stream) => {
    stream.on('error', () => {});
    stream.on('end', () => {
      if (stream.destroyed) return;
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(grpcMessage(Buffer.from('an answer of some length')));
    });
    stream.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function h2spec(program: string, port: number, flags: readonly string[]): Promise<CaseResult[]> {
  const report = join(tmpdir(), `afrouter-h2spec-${process.pid}.xml`);
  const args = ['-S', '-h', '127.0.0.1', '-p', String(port), '-P', PATH, '-j', report, ...flags];
  const { output } = await runProgram(program, args, RUN_LIMIT_MS);
  try {
    return readReport(readFileSync(report, 'utf8'));
  } catch (error) {
    throw new Error(`h2spec left no report:\n${output.slice(-4000)}`, { cause: error });
  } finally {
    rmSync(report, { force: true });
  }
}

/** Reads h2spec's JUnit report, whose order of attributes is fixed. */
function readReport(xml: string): CaseResult[] {
  const cases: CaseResult[] = [];
  for (const [, section, title, body] of xml.matchAll(
    /<testcase package="([^"]*)" classname="([^"]*)"[^>]*>([\s\S]*?)<\/testcase>/g,
  )) {
    const failed = body!.includes('<failure') || body!.includes('<error');
    cases.push({
      name: `${section} ${unescapeXml(title!)}`,
      verdict: failed ? 'failed' : body!.includes('<skipped') ? 'skipped' : 'passed',
      detail: unescapeXml(body!.replace(/<[^>]*>/g, ' '))
        .trim()
        .replace(/\s+/g, ' '),
    });
  }
  if (cases.length === 0) throw new Error('no case in it');
  return cases;
}

function unescapeXml(text: string): string {
  return text
    .replace(/&#(x?)([0-9a-fA-F]+);/g, (_, hex: string, digits: string) =>
      String.fromCodePoint(Number.parseInt(digits, hex === '' ? 10 : 16)),
    )
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&');
}
