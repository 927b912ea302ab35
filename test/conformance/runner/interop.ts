import { type ChildProcess, spawn } from 'node:child_process';
import { Daemon } from '../../support/daemon.js';
import { eventually } from '../../support/eventually.js';
import { freePort, isFree } from '../../support/free-ports.js';
import { connectionName, type RoutedService, routingFile } from '../../support/one-backend.js';
import { makeCertificate } from './certificate.js';
import type { GoTools } from './go-tools.js';
import { runProgram } from './program.js';
import type { CaseResult, SuiteResult } from './result.js';

/** Every case of the Go client that needs no cloud credentials and no name resolution. */
const CASES = [
  'empty_unary',
  'large_unary',
  'client_streaming',
  'server_streaming',
  'ping_pong',
  'empty_stream',
  'timeout_on_sleeping_server',
  'cancel_after_begin',
  'cancel_after_first_response',
  'status_code_and_message',
  'special_status_message',
  'custom_metadata',
  'unimplemented_method',
  'unimplemented_service',
  'rpc_soak',
  'channel_soak',
  'orca_per_rpc',
  'orca_oob',
];
/** The cases about load reports look at what this policy of the client collected. */
const ORCA_POLICY = '{"loadBalancingConfig":[{"test_backend_metrics_load_balancer":{}}]}';
const CASE_LIMIT_MS = 30_000;

const SERVICES: readonly RoutedService[] = [
  { package: 'grpc.testing', service: 'TestService', proto: 'test/conformance/protos/grpc-testing.proto' },
  { package: 'xds.service.orca.v3', service: 'OpenRcaService', proto: 'test/conformance/protos/orca.proto' },
];

/** Runs grpc-go's interop client against grpc-go's interop servers, through the built daemon. */
export async function interopSuites(tools: GoTools): Promise<SuiteResult[]> {
  const direct = {
    suite: 'interop-direct',
    about: 'Go client to Go server, no router: what the tools themselves can do',
  };
  const servers = [await InteropServer.start(tools), await InteropServer.start(tools)];
  const [first, second] = servers.map(({ port }) => port) as [number, number];
  try {
    return [
      { ...direct, cases: await runCases(tools, first) },
      await through(tools, 'interop-server', 'Go client and server through a backend of type server', 'server', [
        first,
      ]),
      await through(tools, 'interop-one', 'the same through an active_active backend of one', 'active_active', [first]),
      await through(tools, 'interop-two', 'the same through an active_active backend of two', 'active_active', [
        first,
        second,
      ]),
      await overTls(tools, first),
    ];
  } finally {
    for (const server of servers) server.stop();
  }
}

async function through(
  tools: GoTools,
  suite: string,
  about: string,
  type: 'server' | 'active_active',
  replicas: readonly number[],
): Promise<SuiteResult> {
  const port = await freePort();
  const daemon = await Daemon.start(routingFile(port, SERVICES, type, replicas));
  try {
    await daemon.untilOpen(replicas.map((_, i) => connectionName(i)));
    return { suite, about, cases: await runCases(tools, port) };
  } finally {
    await daemon.stop();
  }
}

async function overTls(tools: GoTools, replica: number): Promise<SuiteResult> {
  const certificate = makeCertificate();
  const port = await freePort();
  const daemon = await Daemon.start(routingFile(port, SERVICES, 'server', [replica], { tls: certificate.tls }));
  try {
    await daemon.untilOpen([connectionName(0)]);
    const flags = ['-use_tls', '-use_test_ca', '-ca_file', certificate.ca, '-server_host_override', 'localhost'];
    return {
      suite: 'interop-tls',
      about: 'Go client over TLS, a backend of type server',
      cases: await runCases(tools, port, flags),
    };
  } finally {
    await daemon.stop();
    certificate.remove();
  }
}

async function runCases(tools: GoTools, port: number, flags: readonly string[] = []): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const name of CASES) {
    const args = ['-server_host', '127.0.0.1', '-server_port', String(port), '-test_case', name, ...flags];
    if (name.startsWith('orca_')) args.push('-service_config_json', ORCA_POLICY);
    const { code, output } = await runProgram(tools.interopClient, args, CASE_LIMIT_MS);
    results.push({
      name,
      verdict: code === 0 ? 'passed' : 'failed',
      detail: code === null ? `did not end within ${CASE_LIMIT_MS} ms` : output.trim().slice(-400),
    });
  }
  return results;
}

/** grpc-go's interop server as a child process. */
class InteropServer {
  readonly port: number;
  private readonly child: ChildProcess;

  private constructor(port: number, child: ChildProcess) {
    this.port = port;
    this.child = child;
  }

  static async start(tools: GoTools): Promise<InteropServer> {
    const port = await freePort();
    const child = spawn(tools.interopServer, ['-port', String(port)], { stdio: 'ignore' });
    process.once('exit', () => child.kill('SIGKILL'));
    await eventually('the interop server listens', async () => !(await isFree(port)));
    return new InteropServer(port, child);
  }

  stop(): void {
    this.child.kill('SIGKILL');
  }
}
