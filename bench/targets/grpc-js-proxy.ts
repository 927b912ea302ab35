/**
 * The plainest gRPC proxy for Node: @grpc/grpc-js on both sides, messages as bytes, round robin. The floor of the comparison.
 *
 *     node grpc-js-proxy.js PORT BACKEND_PORT...
 */
import type {
  MethodDefinition,
  ServerDuplexStream,
  ServerUnaryCall,
  ServerWritableStream,
  sendUnaryData,
} from '@grpc/grpc-js';
import { Client, credentials, Server, ServerCredentials } from '@grpc/grpc-js';

const [port, ...backends] = process.argv.slice(2).map(Number);
const clients = backends.map((b) => new Client(`127.0.0.1:${b}`, credentials.createInsecure()));
const asIs = (bytes: Buffer) => bytes;
/** The types of grpc-js and of Node disagree about what else than bytes can be written. */
const writable = (stream: unknown) => stream as NodeJS.WritableStream;
let turn = 0;

function next(): Client {
  return clients[turn++ % clients.length]!;
}

function method(name: string, requestStream: boolean, responseStream: boolean): MethodDefinition<Buffer, Buffer> {
  return {
    path: `/bench.Echo/${name}`,
    requestStream,
    responseStream,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  };
}

const call = method('Call', false, false);
const produce = method('Produce', false, true);
const converse = method('Converse', true, true);

const server = new Server({ 'grpc.max_receive_message_length': -1 });
server.addService(
  { Call: call, Produce: produce, Converse: converse },
  {
    Call(from: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) {
      next().makeUnaryRequest(call.path, asIs, asIs, from.request, from.metadata, (error, answer) =>
        done(error, answer),
      );
    },
    Produce(from: ServerWritableStream<Buffer, Buffer>) {
      const to = next().makeServerStreamRequest(produce.path, asIs, asIs, from.request, from.metadata);
      to.on('error', (error) => from.destroy(error));
      from.on('cancelled', () => to.cancel());
      to.pipe(writable(from));
    },
    Converse(from: ServerDuplexStream<Buffer, Buffer>) {
      const to = next().makeBidiStreamRequest(converse.path, asIs, asIs, from.metadata);
      to.on('error', (error) => from.destroy(error));
      from.on('cancelled', () => to.cancel());
      from.pipe(writable(to));
      to.pipe(writable(from));
    },
  },
);
server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error;
});
