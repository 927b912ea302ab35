import { HeaderField, Indexing } from '../../src/http2/hpack/header-field.js';
import { HeaderList } from '../../src/http2/hpack/header-list.js';
import { repeatedList } from '../http2-sessions.js';
import type { Metadata } from './spec.js';

/** The same for all calls: what requests carry between services, 18 fields of about 700 bytes. */
const FIXED: readonly (readonly [string, string])[] = [
  ['authorization', `Bearer ${'eyJhbGciOiJSUzI1NiIsImtpZCI6ImJlbmNoIn0'.repeat(6)}`],
  ['x-tenant', 'tenant-0042'],
  ['x-user', 'f0e4c2f76c58916ec258f246851bea09'],
  ['x-region', 'eu-central-1'],
  ['x-zone', 'eu-central-1b'],
  ['x-client-name', 'provisioning-frontend'],
  ['x-client-version', '2.14.3'],
  ['x-priority', 'interactive'],
  ['x-feature-flags', 'alarms,meters,groups'],
  ['x-forwarded-for', '10.20.30.40, 10.20.30.41'],
  ['x-forwarded-proto', 'https'],
  ['x-envoy-decorator-operation', 'echo.bench.svc.cluster.local:50051/*'],
  ['x-b3-sampled', '1'],
  ['x-cluster', 'production-7'],
  ['x-deployment', 'blue'],
  ['x-locale', 'en-GB'],
  ['x-schema', '17'],
  ['x-retries', '0'],
];

/** Request headers as gRPC clients send them. */
export function plainHeaders(method: string): HeaderList {
  return repeatedList(...plainFields(method));
}

function plainFields(method: string): (readonly [string, string])[] {
  return [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', `/bench.Echo/${method}`],
    [':authority', 'localhost'],
    ['content-type', 'application/grpc'],
    ['user-agent', 'grpc-bench/1.0'],
    ['te', 'trailers'],
  ];
}

/** Returns what gives the headers of each next `Call`. */
export function headersOf(metadata: Metadata): () => HeaderList {
  if (metadata === 'plain') {
    const list = plainHeaders('Call');
    return () => list;
  }
  const fixed = repeatedList(...plainFields('Call'), ...FIXED).fields;
  const run = Math.floor(Math.random() * 2 ** 32);
  let call = 0;
  return () => {
    const id = `${hex(run)}${hex(call++)}`;
    return new HeaderList([
      ...fixed,
      new HeaderField('traceparent', `00-${id}${id}-${id}-01`, Indexing.once),
      new HeaderField('x-request-id', `${id}-${id}`, Indexing.once),
    ]);
  };
}

function hex(n: number): string {
  return n.toString(16).padStart(8, '0');
}
