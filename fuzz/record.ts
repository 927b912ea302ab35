/**
 * `npm run fuzz:record`: writes fuzz/corpus/ anew. What clients and servers of grpc-js and node:http2 send to our sessions is
 * recorded from the socket; messages, fields and batches are made by protobufjs and our own writer.
 */
import { recordClients } from './recorders/clients.js';
import { recordMessages } from './recorders/messages.js';
import { recordPort } from './recorders/port.js';
import { recordServers } from './recorders/servers.js';

await recordClients();
await recordServers();
recordMessages();
recordPort();
