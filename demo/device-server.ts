/**
 * One replica of the demo's device service, a process of its own: `node device-server.js NAME PORT [returned]`.
 *
 * The two replicas of a shard hold the same devices because both get every call. They give a new device the same id because
 * they make it from the transaction id, which is the same for both.
 */
import {
  type Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { type Device, type DeviceEvent, loadDeviceService, type ReplicaNews, SERIAL_KEY } from './device-service.js';

const EVENT_EVERY_MS = 300;

const [name = '', port = '', returned] = process.argv.slice(2);
const devices = new Map<string, Device>();

type Id = { readonly id: string };
type Unary<Req, Res> = (call: ServerUnaryCall<Req, Res>, answer: sendUnaryData<Res>) => void;

function tell(news: ReplicaNews): void {
  process.send?.(news);
}

/** Reports the call to the demo and returns its transaction id. */
function received(method: string, metadata: Metadata, about: string): string {
  const serial = String(metadata.get(SERIAL_KEY)[0] ?? '');
  tell({ kind: 'received', method, serial, about });
  return serial;
}

const createDevice: Unary<Device, Device> = ({ metadata, request }, answer) => {
  const serial = received('CreateDevice', metadata, request.name);
  const device = { id: `device-${serial}`, name: request.name, replica: name };
  devices.set(device.id, device);
  answer(null, device);
};

const getDevice: Unary<Id, Device> = ({ metadata, request }, answer) => {
  received('GetDevice', metadata, request.id);
  const device = devices.get(request.id);
  if (device !== undefined) answer(null, device);
  // A replica that has just come back does not know the older devices: "not me", so that the other's answer counts.
  else if (returned) answer({ code: status.CANCELLED, details: 'transaction-not-acquired' });
  else answer({ code: status.NOT_FOUND, details: `no device ${request.id}` });
};

function listDevices(call: ServerWritableStream<unknown, Device>): void {
  received('ListDevices', call.metadata, '');
  for (const device of devices.values()) call.write(device);
  call.end();
}

/** Sends an event at once and then again and again, until the client has had enough. */
function sendEvents(method: string, call: ServerWritableStream<unknown, DeviceEvent>, id: string): void {
  const serial = received(method, call.metadata, id);
  let count = 0;
  const send = () => call.write({ id, replica: name, serial, text: `event ${++count}` });
  send();
  const timer = setInterval(send, EVENT_EVERY_MS);
  call.on('cancelled', () => clearInterval(timer));
}

function reportAlarms(call: ServerReadableStream<Id, object>, answer: sendUnaryData<object>): void {
  received('ReportAlarms', call.metadata, '');
  let count = 0;
  call.on('data', () => count++);
  call.on('end', () => answer(null, { count, replica: name }));
}

function console_(call: ServerDuplexStream<{ id: string; text: string }, object>): void {
  received('Console', call.metadata, '');
  call.on('data', (line: { id: string; text: string }) =>
    call.write({ ...line, text: `you said: ${line.text}`, replica: name }),
  );
  call.on('end', () => call.end());
}

const subscribe: Unary<{ name: string }, object> = ({ metadata, request }, answer) => {
  received('Subscribe', metadata, request.name);
  answer(null, { replica: name });
};

const server = new Server();
server.addService(loadDeviceService(), {
  CreateDevice: createDevice,
  GetDevice: getDevice,
  ListDevices: listDevices,
  WatchDevice: (call: ServerWritableStream<Id, DeviceEvent>) => sendEvents('WatchDevice', call, call.request.id),
  ReportAlarms: reportAlarms,
  Console: console_,
  Subscribe: subscribe,
  ReceiveEvents: (call: ServerWritableStream<Device, DeviceEvent>) =>
    sendEvents('ReceiveEvents', call, call.request.name),
});
server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error;
  tell({ kind: 'listening' });
});

// Ctrl-C reaches the whole process group, but it is the demo that decides when its replicas end.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit(0));
