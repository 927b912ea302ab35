import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import protobuf from 'protobufjs';
import { eventually } from './eventually.js';

/** What tests look at of opentelemetry/proto/collector/trace/v1/trace_service.proto and what it imports. */
const PROTO = `
  syntax = "proto3";
  message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message ScopeSpans { repeated SpanMessage spans = 2; }
  message SpanMessage {
    bytes trace_id = 1;
    bytes span_id = 2;
    bytes parent_span_id = 4;
    string name = 5;
    int32 kind = 6;
    fixed64 start_time_unix_nano = 7;
    fixed64 end_time_unix_nano = 8;
    repeated KeyValue attributes = 9;
    StatusMessage status = 15;
  }
  message StatusMessage { int32 code = 3; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
`;

const { root } = protobuf.parse(PROTO);
const request = root.lookupType('ExportTraceServiceRequest');

type Attributes = Readonly<Record<string, string | number>>;

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** `''` for the root of a trace. */
  readonly parentId: string;
  readonly name: string;
  /** 2 server, 3 client. */
  readonly kind: number;
  /** In ns since 1970. */
  readonly start: bigint;
  readonly end: bigint;
  /** 2 = error. */
  readonly status: number;
  readonly attributes: Attributes;
  readonly resource: Attributes;
}

/** Takes spans by OTLP over HTTP, in protobuf, as a collector does. */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  /** Answers with this status. */
  answer = 200;
  private readonly server: Server;

  private constructor() {
    this.server = createServer((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        if (incoming.url === '/v1/traces' && this.answer === 200) this.spans.push(...spansOf(Buffer.concat(chunks)));
        response.writeHead(this.answer, { 'content-type': 'application/x-protobuf' }).end();
      });
    });
  }

  static async start(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver();
    await new Promise<void>((resolve) => receiver.server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Waits for that many spans of a trace. */
  async untilTrace(traceId: string, count: number): Promise<ReceivedSpan[]> {
    return eventually(`${count} spans of trace ${traceId}`, () => {
      const found = this.spans.filter((span) => span.traceId === traceId);
      return found.length >= count && found;
    });
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

interface KeyValue {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: string; readonly doubleValue?: number };
}

function spansOf(bytes: Buffer): ReceivedSpan[] {
  const { resourceSpans } = request.toObject(request.decode(bytes), {
    longs: String,
    defaults: true,
    oneofs: true,
  }) as {
    resourceSpans: { resource: { attributes: KeyValue[] }; scopeSpans: { spans: Record<string, unknown>[] }[] }[];
  };
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        traceId: (span.traceId as Buffer).toString('hex'),
        spanId: (span.spanId as Buffer).toString('hex'),
        parentId: (span.parentSpanId as Buffer).toString('hex'),
        name: span.name as string,
        kind: span.kind as number,
        start: BigInt(span.startTimeUnixNano as string),
        end: BigInt(span.endTimeUnixNano as string),
        status: (span.status as { code: number } | null)?.code ?? 0,
        attributes: attributesOf(span.attributes as KeyValue[]),
        resource: attributesOf(resource.attributes),
      })),
    ),
  );
}

function attributesOf(pairs: readonly KeyValue[]): Attributes {
  return Object.fromEntries(
    pairs.map(({ key, value }) => [key, value.stringValue ?? value.doubleValue ?? Number(value.intValue)]),
  );
}
