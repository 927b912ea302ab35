/** One call to the running demo: `node dist/demo/call.js [--port N] METHOD [JSON] [key=value …]`; the rest are metadata. */
import { Client, credentials, Metadata, type MethodDefinition, type StatusObject } from '@grpc/grpc-js';
import { loadDeviceService } from './device-service.js';

const args = process.argv.slice(2);
const at = args.indexOf('--port');
const port = at < 0 ? '9500' : args.splice(at, 2)[1];
const [name = '', json = '{}', ...fields] = args;

const service = loadDeviceService();
const method = service[name] as MethodDefinition<object, object> | undefined;
if (method === undefined) {
  console.error(`usage: call.js [--port N] METHOD [JSON] [key=value …]\nmethods: ${Object.keys(service).join(', ')}`);
  process.exit(2);
}
const metadata = new Metadata();
for (const field of fields) {
  const [key = '', ...value] = field.split('=');
  metadata.set(key, value.join('='));
}

const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), { 'grpc.enable_http_proxy': 0 });
// All four kinds are the same on the wire.
const call = client.makeBidiStreamRequest(method.path, method.requestSerialize, method.responseDeserialize, metadata);
call.on('metadata', (headers: Metadata) => console.log('headers ', headers.getMap()));
call.on('data', (message: object) => console.log('message ', message));
call.on('status', ({ code, details }: StatusObject) => {
  console.log(`status   ${code} ${details}`);
  client.close();
  process.exitCode = code === 0 ? 0 : 1;
});
call.on('error', () => {});
call.write(JSON.parse(json) as object);
call.end();
