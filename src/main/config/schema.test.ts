import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemsOf } from '../../../test/support/routing-fixture.js';

type Change = Parameters<typeof problemsOf>[1];

/** What is changed in a valid file, and all problems that it then has: path, found, allowed. */
const cases: readonly (readonly [name: string, change: Change, problems: readonly string[][]])[] = [
  [
    'an unknown key',
    ({ root }) => {
      root.colour = 1;
    },
    [
      [
        'colour',
        'an unknown key',
        'servers, routers, backend_clusters, api, serverCertificates, clientCertificates, ports, or a comment _…',
      ],
    ],
  ],
  [
    'an unknown key of a route',
    ({ orders }) => {
      orders.routingfield = 'id';
    },
    [
      [
        'routers[0].routes[0].routingfield',
        'an unknown key',
        'name, type, association, routing_field, routing_field_default, methods, nb_binding_methods, backend_cluster, binding, overrides, proto_descriptor, or a comment _…',
      ],
    ],
  ],
  [
    'a file without servers',
    ({ root }) => {
      delete root.servers;
    },
    [['servers', 'nothing', 'a value (required)']],
  ],
  [
    'servers that are no list',
    ({ root }) => {
      root.servers = {};
    },
    [['servers', 'an object', 'a list']],
  ],
  [
    'an empty list of servers',
    ({ root }) => {
      root.servers = [];
    },
    [['servers', '[]', 'a list of one or more']],
  ],
  [
    'a server without a name',
    ({ server }) => {
      delete server.name;
    },
    [['servers[0].name', 'nothing', 'a value (required)']],
  ],
  [
    'an empty name',
    ({ server }) => {
      server.name = '';
    },
    [['servers[0].name', '""', 'a string that is not empty']],
  ],
  [
    'port 0',
    ({ server }) => {
      server.port = 0;
    },
    [['servers[0].port', '0', 'a number from 1 to 65535']],
  ],
  [
    'port 70000',
    ({ server }) => {
      server.port = 70000;
    },
    [['servers[0].port', '70000', 'a number from 1 to 65535']],
  ],
  [
    'a server port as a string',
    ({ server }) => {
      server.port = '5000';
    },
    [['servers[0].port', '"5000"', 'a number from 1 to 65535']],
  ],
  [
    'a port with a fraction',
    ({ server }) => {
      server.port = 1.5;
    },
    [['servers[0].port', '1.5', 'a number from 1 to 65535']],
  ],
  [
    'an unknown type of server',
    ({ server }) => {
      server.type = 'http';
    },
    [['servers[0].type', '"http"', '"grpc", "streaming_grpc"']],
  ],
  [
    'an address that is a number',
    ({ server }) => {
      server.address = 5;
    },
    [['servers[0].address', '5', 'a string']],
  ],
  [
    'a server without routers',
    ({ server }) => {
      server.routers = [];
    },
    [['servers[0].routers', '[]', 'a list of one or more']],
  ],
  [
    'a control API without a port',
    ({ root }) => {
      root.api = {};
    },
    [['api.port', 'nothing', 'a value (required)']],
  ],
  [
    'a router without a package',
    ({ router }) => {
      delete router.package;
    },
    [['routers[0].package', 'nothing', 'a value (required)']],
  ],
  [
    'a router without routes',
    ({ router }) => {
      router.routes = [];
    },
    [['routers[0].routes', '[]', 'a list of one or more']],
  ],
  [
    'an unknown type of route',
    ({ orders }) => {
      orders.type = 'affinity';
    },
    [
      [
        'routers[0].routes[0].type',
        '"affinity"',
        '"rpc_affinity_message", "rpc_affinity_header", "binding", "round_robin", "source"',
      ],
    ],
  ],
  [
    'a route without a type',
    ({ orders }) => {
      delete orders.type;
    },
    [['routers[0].routes[0].type', 'nothing', 'a value (required)']],
  ],
  [
    'rpc_affinity_message without an association',
    ({ orders }) => {
      delete orders.association;
    },
    [
      [
        'routers[0].routes[0].association',
        'nothing',
        'an association, which an rpc_affinity_message route needs: "round_robin"',
      ],
    ],
  ],
  [
    'an unknown association',
    ({ orders }) => {
      orders.association = 'random';
    },
    [['routers[0].routes[0].association', '"random"', '"round_robin"']],
  ],
  [
    'rpc_affinity_message without a routing field',
    ({ orders }) => {
      delete orders.routing_field;
    },
    [['routers[0].routes[0].routing_field', 'nothing', 'the field of the request message that the route reads']],
  ],
  [
    'rpc_affinity_header without a routing field',
    ({ orders }) => {
      orders.type = 'rpc_affinity_header';
      delete orders.routing_field;
      delete orders.nb_binding_methods;
    },
    [['routers[0].routes[0].routing_field', 'nothing', 'the metadata key that the route reads']],
  ],
  [
    'source without a routing field',
    ({ orders }) => {
      orders.type = 'source';
      delete orders.routing_field;
    },
    [['routers[0].routes[0].routing_field', 'nothing', 'the field of the request message that the route reads']],
  ],
  [
    'a binding route without a binding',
    ({ members }) => {
      delete members.binding;
    },
    [
      [
        'routers[0].routes[1].binding',
        'nothing',
        'a binding with type, field, method and association, which a binding route needs',
      ],
    ],
  ],
  [
    'an empty binding',
    ({ members }) => {
      members.binding = {};
    },
    [
      ['routers[0].routes[1].binding.type', 'nothing', 'a value (required)'],
      ['routers[0].routes[1].binding.field', 'nothing', 'a value (required)'],
      ['routers[0].routes[1].binding.method', 'nothing', 'a value (required)'],
      ['routers[0].routes[1].binding.association', 'nothing', 'a value (required)'],
    ],
  ],
  [
    'a binding of another type',
    ({ members }) => {
      members.binding.type = 'cookie';
    },
    [['routers[0].routes[1].binding.type', '"cookie"', '"header"']],
  ],
  [
    'a flag that is a string',
    ({ members }) => {
      members.binding.exclusive = 'yes';
    },
    [['routers[0].routes[1].binding.exclusive', '"yes"', 'true or false']],
  ],
  [
    'a route without a cluster',
    ({ orders }) => {
      delete orders.backend_cluster;
    },
    [['routers[0].routes[0].backend_cluster', 'nothing', 'a value (required)']],
  ],
  [
    'an override without a method',
    ({ orders }) => {
      orders.overrides = [{ routing_field: 'id' }];
    },
    [['routers[0].routes[0].overrides[0]', 'an object', 'a method or a list of methods']],
  ],
  [
    'a backend name that metadata cannot carry',
    ({ two }) => {
      two.name = 'zwei\u00e4';
    },
    [['backend_clusters[0].backends[1].name', '"zweiä"', 'a name of printable ASCII characters']],
  ],
  [
    'an unknown type of backend',
    ({ two }) => {
      two.type = 'single';
    },
    [['backend_clusters[0].backends[1].type', '"single"', '"active_active", "server"']],
  ],
  [
    'a backend without connections',
    ({ two }) => {
      two.connections = [];
    },
    [['backend_clusters[0].backends[1].connections', '[]', 'a list of one or more']],
  ],
  [
    'a server backend with two connections',
    ({ one, two }) => {
      two.connections = one.connections;
    },
    [
      [
        'backend_clusters[0].backends[1].connections',
        'a list of 2',
        'exactly one connection, because the backend is a server',
      ],
    ],
  ],
  [
    'a connection without a name',
    ({ one }) => {
      delete one.connections[0].name;
    },
    [['backend_clusters[0].backends[0].connections[0].name', 'nothing', 'a value (required)']],
  ],
  [
    'a port that is a word',
    ({ one }) => {
      one.connections[0].port = 'http';
    },
    [
      [
        'backend_clusters[0].backends[0].connections[0].port',
        '"http"',
        'a port from 1 to 65535, as a number or a string, or "" together with an empty addr',
      ],
    ],
  ],
  [
    'a port string out of range',
    ({ one }) => {
      one.connections[0].port = '65536';
    },
    [
      [
        'backend_clusters[0].backends[0].connections[0].port',
        '"65536"',
        'a port from 1 to 65535, as a number or a string, or "" together with an empty addr',
      ],
    ],
  ],
  [
    'connection port 0',
    ({ one }) => {
      one.connections[0].port = 0;
    },
    [
      [
        'backend_clusters[0].backends[0].connections[0].port',
        '0',
        'a port from 1 to 65535, as a number or a string, or "" together with an empty addr',
      ],
    ],
  ],
  [
    'active_active without an association',
    ({ one }) => {
      delete one.association;
    },
    [
      [
        'backend_clusters[0].backends[0].association',
        'nothing',
        'an association, which an active_active backend needs',
      ],
    ],
  ],
  [
    'an unknown location',
    ({ one }) => {
      one.association.location = 'body';
    },
    [['backend_clusters[0].backends[0].association.location', '"body"', '"header", "protobuf"']],
  ],
  [
    'an unknown strategy',
    ({ one }) => {
      one.association.strategy = 'random';
    },
    [['backend_clusters[0].backends[0].association.strategy', '"random"', '"serial_number", "uuid"']],
  ],
  [
    'an association without a location',
    ({ one }) => {
      delete one.association.location;
    },
    [['backend_clusters[0].backends[0].association.location', 'nothing', 'a value (required)']],
  ],
  [
    'location protobuf without a field',
    ({ one }) => {
      one.association = { location: 'protobuf' };
    },
    [
      [
        'backend_clusters[0].backends[0].association.field',
        'nothing',
        'the message field that carries the id, which location protobuf needs',
      ],
    ],
  ],
  [
    'an unknown key of certificates',
    ({ root }) => {
      root.clientCertificates = { cert: 'a' };
    },
    [['clientCertificates.cert', 'an unknown key', 'grpcCertificate, grpcKey, grpcCsr, or a comment _…']],
  ],
  [
    'values of other shapes, all at once',
    ({ root }) => {
      root.servers = [1, null, 'x'];
      root.routers = [{ routes: [null, { methods: [1] }] }];
      root.backend_clusters = 'x';
    },
    [
      ['servers[0]', '1', 'an object'],
      ['servers[1]', 'null', 'an object'],
      ['servers[2]', '"x"', 'an object'],
      ['routers[0].name', 'nothing', 'a value (required)'],
      ['routers[0].package', 'nothing', 'a value (required)'],
      ['routers[0].service', 'nothing', 'a value (required)'],
      ['routers[0].routes[0]', 'null', 'an object'],
      ['routers[0].routes[1].name', 'nothing', 'a value (required)'],
      ['routers[0].routes[1].type', 'nothing', 'a value (required)'],
      ['routers[0].routes[1].backend_cluster', 'nothing', 'a value (required)'],
      ['routers[0].routes[1].methods[0]', '1', 'a string'],
      ['backend_clusters', '"x"', 'a list'],
    ],
  ],
];

for (const [name, change, problems] of cases) {
  test(`reports ${name}`, (context) => {
    assert.deepEqual(problemsOf(context, change), problems);
  });
}
