import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemsOf, warningsOf } from '../../../test/support/routing-fixture.js';

type Change = Parameters<typeof problemsOf>[1];

/** What is changed in a valid file, and all problems that it then has: path, found, allowed. */
const cases: readonly (readonly [name: string, change: Change, problems: readonly string[][]])[] = [
  [
    'an address with a scheme',
    ({ server }) => {
      server.address = 'http://x';
    },
    [['servers[0].address', '"http://x"', 'a host name or an IP address, without a scheme or port']],
  ],
  [
    'an address with a port',
    ({ server }) => {
      server.address = 'x:50';
    },
    [['servers[0].address', '"x:50"', 'a host name or an IP address, without a scheme or port']],
  ],
  [
    'an IPv6 address with half a bracket',
    ({ server }) => {
      server.address = '[::1';
    },
    [['servers[0].address', '"[::1"', 'a host name or an IP address, without a scheme or port']],
  ],
  [
    'a server that names an unknown router',
    ({ server }) => {
      server.routers[0].router = 'shopp';
    },
    [['servers[0].routers[0].router', '"shopp"', 'the name of a router: shop']],
  ],
  [
    'a server that names a router of another service',
    ({ server }) => {
      server.routers[0].service = 'Shop2';
    },
    [
      [
        'servers[0].routers[0].router',
        "router 'shop', which serves package 'test.shop', service 'Shop'",
        "a router that serves package 'test.shop', service 'Shop2'",
      ],
    ],
  ],
  [
    'a package and service twice in a server',
    ({ server }) => server.routers.push({ package: 'test.shop', service: 'Shop', router: 'shop' }),
    [
      [
        'servers[0].routers[1]',
        "package 'test.shop', service 'Shop' again",
        'a package and service that no other entry of the server has (servers[0].routers[0])',
      ],
    ],
  ],
  [
    'two servers of one name',
    ({ root, server }) => root.servers.push({ ...server, port: 1 }),
    [['servers[1].name', '"front"', 'a server name that is not in use (it is at servers[0].name)']],
  ],
  [
    'two servers on one address',
    ({ root, server }) => root.servers.push({ ...server, name: 'x' }),
    [['servers[1].port', '5000', 'a port that no other listener on this address has (it is at servers[0].port)']],
  ],
  [
    'a control API on the address of a server',
    ({ root }) => {
      root.api = { address: 'localhost', port: 5000 };
    },
    [['api.port', '5000', 'a port that no other listener on this address has (it is at servers[0].port)']],
  ],
  [
    'a wildcard as package of a router',
    ({ router }) => {
      router.package = '*';
    },
    [
      ['routers[0].package', '"*"', 'a package, without / * or spaces'],
      ['routers[0].service', "'*.Shop'", 'a service of shop.proto: test.shop.Shop'],
      [
        'servers[0].routers[0].router',
        "router 'shop', which serves package '*', service 'Shop'",
        "a router that serves package 'test.shop', service 'Shop'",
      ],
    ],
  ],
  [
    'a service with a package in it',
    ({ router }) => {
      router.service = 'a.Shop';
    },
    [
      ['routers[0].service', '"a.Shop"', 'a service without its package: no / . * or spaces'],
      ['routers[0].service', "'test.shop.a.Shop'", 'a service of shop.proto: test.shop.Shop'],
      [
        'servers[0].routers[0].router',
        "router 'shop', which serves package 'test.shop', service 'a.Shop'",
        "a router that serves package 'test.shop', service 'Shop'",
      ],
    ],
  ],
  [
    'the same router twice',
    ({ root, router }) => root.routers.push(router),
    [
      [
        'routers[1].name',
        "'shop' for package 'test.shop', service 'Shop' again",
        'another name, package or service than routers[0] has',
      ],
    ],
  ],
  [
    'a service that the descriptor does not define',
    ({ server, router }) => {
      router.service = 'Shoppe';
      server.routers[0].service = 'Shoppe';
    },
    [['routers[0].service', "'test.shop.Shoppe'", 'a service of shop.proto: test.shop.Shop']],
  ],
  [
    'a route that needs a descriptor where there is none',
    ({ router }) => {
      delete router.proto_descriptor;
    },
    [
      [
        'routers[0].proto_descriptor',
        'nothing',
        "the path of the service definition, because route 'orders' reads a field of messages",
      ],
    ],
  ],
  [
    'two routes of one name',
    ({ rest }) => {
      rest.name = 'orders';
    },
    [['routers[0].routes[2].name', '"orders"', 'a route name that is not in use (it is at routers[0].routes[0].name)']],
  ],
  [
    'a route without methods',
    ({ orders }) => {
      orders.methods = [];
    },
    [
      ['routers[0].routes[0].methods', '[]', 'a list of one or more'],
      ['routers[0].routes[0].nb_binding_methods[0]', '"Create"', 'a method of the route: none is defined'],
    ],
  ],
  [
    'a metadata key with a space',
    ({ orders }) => {
      orders.type = 'rpc_affinity_header';
      orders.routing_field = 'a b';
      delete orders.nb_binding_methods;
    },
    [['routers[0].routes[0].routing_field', '"a b"', 'a metadata key: letters, digits, _ - .']],
  ],
  [
    'a binding key that gRPC reserves',
    ({ members }) => {
      members.binding.field = 'grpc-shard';
    },
    [
      [
        'routers[0].routes[1].binding.field',
        '"grpc-shard"',
        'a metadata key that gRPC does not reserve (grpc-…, te, content-type, …) and that does not end in -bin',
      ],
    ],
  ],
  [
    'a binary binding key',
    ({ members }) => {
      members.binding.field = 'shard-bin';
    },
    [
      [
        'routers[0].routes[1].binding.field',
        '"shard-bin"',
        'a metadata key that gRPC does not reserve (grpc-…, te, content-type, …) and that does not end in -bin',
      ],
    ],
  ],
  [
    'a binding method that is not of the route',
    ({ members }) => {
      members.binding.method = 'Create';
    },
    [['routers[0].routes[1].binding.method', '"Create"', 'a method of the route: Join, Get']],
  ],
  [
    'a route that names an unknown cluster',
    ({ orders }) => {
      orders.backend_cluster = 'shard';
    },
    [['routers[0].routes[0].backend_cluster', '"shard"', 'the name of a cluster: shards']],
  ],
  [
    'a method twice in a route',
    ({ orders }) => orders.methods.push('Get'),
    [
      [
        'routers[0].routes[0].methods[3]',
        '"Get"',
        'a method in at most one route that is no binding route (it is at routers[0].routes[0].methods[1])',
      ],
    ],
  ],
  [
    'a method in two routes',
    ({ rest }) => rest.methods.push('Get'),
    [
      [
        'routers[0].routes[2].methods[1]',
        '"Get"',
        'a method in at most one route that is no binding route (it is at routers[0].routes[0].methods[1])',
      ],
    ],
  ],
  [
    'a method in two routes of one metadata key (in another case)',
    ({ router, members }) =>
      router.routes.push({ ...members, name: 'again', binding: { ...members.binding, field: 'SHARD' } }),
    [
      [
        'routers[0].routes[3].methods[0]',
        '"Join"',
        'a method in at most one route of the metadata key shard (it is at routers[0].routes[1].methods[0])',
      ],
      [
        'routers[0].routes[3].methods[1]',
        '"Get"',
        'a method in at most one route of the metadata key shard (it is at routers[0].routes[1].methods[1])',
      ],
    ],
  ],
  [
    'two wildcards',
    ({ router, rest }) => {
      rest.methods = ['*'];
      router.routes.push({ ...rest, name: 'again' });
    },
    [
      [
        'routers[0].routes[3].methods[0]',
        '"*"',
        'a method in at most one route that is no binding route (it is at routers[0].routes[2].methods[0])',
      ],
    ],
  ],
  [
    'a wildcard among names',
    ({ rest }) => {
      rest.methods = ['*', 'List'];
    },
    [
      [
        'routers[0].routes[2].methods[0]',
        '"*"',
        'names of methods only; or the list ["*"], which takes every method that no other route takes',
      ],
    ],
  ],
  [
    'a routing field that messages do not have',
    ({ orders }) => {
      orders.routing_field = 'idd';
    },
    [
      [
        'routers[0].routes[0].methods[0]',
        "'Create': message test.shop.Order, which has no field 'idd'",
        "a method whose response message test.shop.Order has the routing field 'idd': one of its fields: id, parent, price, tags, serial, notes",
      ],
      [
        'routers[0].routes[0].methods[1]',
        "'Get': message test.shop.OrderId, which has no field 'idd'",
        "a method whose request message test.shop.OrderId has the routing field 'idd': one of its fields: id",
      ],
      [
        'routers[0].routes[0].methods[2]',
        "'Upload': message test.shop.Line, which has no field 'idd'",
        "a method whose request message test.shop.Line has the routing field 'idd': one of its fields: order, id",
      ],
    ],
  ],
  [
    'a reply without the routing field',
    ({ orders }) => {
      orders.nb_binding_methods = ['Create', 'Upload'];
    },
    [
      [
        'routers[0].routes[0].methods[2]',
        "'Upload': message test.shop.Receipt, which has no field 'id'",
        "a method whose response message test.shop.Receipt has the routing field 'id': one of its fields: total",
      ],
    ],
  ],
  [
    'a routing field of a type that is no key',
    ({ orders }) => {
      orders.methods = ['Create'];
      orders.routing_field = 'price';
    },
    [
      [
        'routers[0].routes[0].methods[0]',
        "'Create': field 'price' of message test.shop.Order of type double",
        "a method whose response message test.shop.Order has the routing field 'price': a single string or integer field",
      ],
    ],
  ],
  [
    'a repeated routing field',
    ({ orders }) => {
      orders.methods = ['Create'];
      orders.routing_field = 'tags';
    },
    [
      [
        'routers[0].routes[0].methods[0]',
        "'Create': field 'tags' of message test.shop.Order, which is repeated",
        "a method whose response message test.shop.Order has the routing field 'tags': a single string or integer field",
      ],
    ],
  ],
  [
    'a map as routing field',
    ({ orders }) => {
      orders.methods = ['Create'];
      orders.routing_field = 'notes';
    },
    [
      [
        'routers[0].routes[0].methods[0]',
        "'Create': field 'notes' of message test.shop.Order, which is repeated",
        "a method whose response message test.shop.Order has the routing field 'notes': a single string or integer field",
      ],
    ],
  ],
  [
    'a message as routing field',
    ({ orders }) => {
      orders.methods = ['Create'];
      orders.routing_field = 'parent';
    },
    [
      [
        'routers[0].routes[0].methods[0]',
        "'Create': field 'parent' of message test.shop.Order of type message",
        "a method whose response message test.shop.Order has the routing field 'parent': a single string or integer field",
      ],
    ],
  ],
  [
    'a path through a scalar',
    ({ orders }) => {
      orders.methods = ['Create'];
      orders.routing_field = 'id.x';
    },
    [
      [
        'routers[0].routes[0].methods[0]',
        "'Create': field 'id' of message test.shop.Order of type string",
        "a method whose response message test.shop.Order has the routing field 'id.x': a message field, because 'id.x' goes on below it",
      ],
    ],
  ],
  [
    'a path that ends in a dot',
    ({ orders }) => {
      orders.methods = ['Create'];
      orders.routing_field = 'parent.';
    },
    [
      [
        'routers[0].routes[0].methods[0]',
        "'Create': message test.shop.OrderId, which has no field ''",
        "a method whose response message test.shop.Order has the routing field 'parent.': one of its fields: id",
      ],
    ],
  ],
  [
    'an nb_binding_method that is not of the route',
    ({ orders }) => {
      orders.nb_binding_methods = ['List'];
    },
    [['routers[0].routes[0].nb_binding_methods[0]', '"List"', 'a method of the route: Create, Get, Upload']],
  ],
  [
    'a method in two overrides',
    ({ orders }) => {
      orders.overrides = [{ method: 'Get' }, { methods: ['Get'], routing_field: 'id' }];
    },
    [
      [
        'routers[0].routes[0].overrides[1].methods[0]',
        '"Get"',
        'a method in at most one override of the route (it is at routers[0].routes[0].overrides[0].method)',
      ],
    ],
  ],
  [
    'an override with a field that the message does not have',
    ({ orders }) => {
      orders.overrides = [{ methods: ['Upload', 'Get'], routing_field: 'order' }];
    },
    [
      [
        'routers[0].routes[0].overrides[0].routing_field',
        "'Get': message test.shop.OrderId, which has no field 'order'",
        "a method whose request message test.shop.OrderId has the routing field 'order': one of its fields: id",
      ],
    ],
  ],
  [
    'two clusters of one name',
    ({ root }) => root.backend_clusters.push(root.backend_clusters[0]),
    [['backend_clusters[1].name', '"shards"', 'a cluster name that is not in use (it is at backend_clusters[0].name)']],
  ],
  [
    'two backends of one name',
    ({ two }) => {
      two.name = 'one';
    },
    [
      [
        'backend_clusters[0].backends[1].name',
        '"one"',
        'a backend name that is not in use (it is at backend_clusters[0].backends[0].name)',
      ],
    ],
  ],
  [
    'two connections of one name',
    ({ one }) => {
      one.connections[1].name = 'a';
    },
    [
      [
        'backend_clusters[0].backends[0].connections[1].name',
        '"a"',
        'a connection name that is not in use (it is at backend_clusters[0].backends[0].connections[0].name)',
      ],
    ],
  ],
  [
    'a connection with an address and no port',
    ({ one }) => {
      delete one.connections[0].port;
    },
    [
      [
        'backend_clusters[0].backends[0].connections[0].port',
        'nothing',
        'a port from 1 to 65535, because addr is given (or both empty)',
      ],
    ],
  ],
  [
    'a connection with a port and no address',
    ({ one }) => {
      one.connections[0].addr = '';
    },
    [
      [
        'backend_clusters[0].backends[0].connections[0].addr',
        '""',
        'a host name or an IP address, because port is given (or both empty)',
      ],
    ],
  ],
  [
    'a URL as address',
    ({ one }) => {
      one.connections[0].addr = 'dns:///x';
    },
    [
      [
        'backend_clusters[0].backends[0].connections[0].addr',
        '"dns:///x"',
        'a host name or an IP address, without a scheme or port',
      ],
    ],
  ],
  [
    'an association key that gRPC reserves',
    ({ one }) => {
      one.association.key = 'te';
    },
    [
      [
        'backend_clusters[0].backends[0].association.key',
        '"te"',
        'a metadata key that gRPC does not reserve (grpc-…, te, content-type, …) and that does not end in -bin',
      ],
    ],
  ],
  [
    'an association in a nested field',
    ({ one }) => {
      one.association = { location: 'protobuf', field: 'a.b' };
    },
    [
      [
        'backend_clusters[0].backends[0].association.field',
        '"a.b"',
        'a field at the top level of the request messages',
      ],
    ],
  ],
  [
    'an association in a field of another type',
    ({ one }) => {
      one.association = { location: 'protobuf', field: 'price' };
    },
    [
      [
        'backend_clusters[0].backends[0].association.field',
        "field 'price' of message test.shop.Order of type double",
        'a single string or integer field',
      ],
    ],
  ],
  [
    'a uuid in an integer field',
    ({ one }) => {
      one.association = { strategy: 'uuid', location: 'protobuf', field: 'serial' };
    },
    [
      [
        'backend_clusters[0].backends[0].association.field',
        "field 'serial' of type uint64",
        'a string field, for the strategy uuid',
      ],
    ],
  ],
  [
    'an association in a message without a descriptor',
    ({ router, rest, one }) => {
      one.association = { location: 'protobuf', field: 'id' };
      delete router.proto_descriptor;
      router.routes = [rest];
    },
    [
      [
        'routers[0].proto_descriptor',
        'nothing',
        "the path of the service definition, because cluster 'shards' carries its association in a message field",
      ],
    ],
  ],
  [
    'a wildcard that stands for a method without the field',
    ({ rest }) => {
      Object.assign(rest, {
        type: 'rpc_affinity_message',
        association: 'round_robin',
        routing_field: 'id',
        methods: ['*'],
      });
    },
    [
      [
        'routers[0].routes[2].methods[0]',
        "'List': message google.protobuf.Empty, which has no field 'id'",
        "a method whose request message google.protobuf.Empty has the routing field 'id': a message that has fields",
      ],
    ],
  ],
];

for (const [name, change, problems] of cases) {
  test(`reports ${name}`, (context) => {
    assert.deepEqual(problemsOf(context, change), problems);
  });
}

/** What is changed, and the warnings that it brings. */
const warned: readonly (readonly [name: string, change: Change, warnings: readonly string[]])[] = [
  [
    'replicated methods without a descriptor',
    ({ root, router, rest }) =>
      root.routers.push({ ...router, service: 'Other', proto_descriptor: undefined, routes: [rest] }),
    [
      "routers[1].proto_descriptor: route 'rest' has no service definition: its methods are carried as unary, with the answer of one replica",
    ],
  ],
  [
    'nb_binding_methods on another type of route',
    ({ rest }) => {
      rest.nb_binding_methods = ['List'];
    },
    ['routers[0].routes[2].nb_binding_methods: has no effect on a route of type round_robin'],
  ],
  [
    'a method that the service does not have',
    ({ orders }) => orders.methods.push('Nope'),
    [
      "routers[0].routes[0].methods[3]: service test.shop.Shop has no method 'Nope': it is carried as unary, round robin",
    ],
  ],
  [
    'an override of an unknown method',
    ({ orders }) => {
      orders.overrides = [{ method: 'abc' }];
    },
    ['routers[0].routes[0].overrides[0]: service test.shop.Shop has no method abc: no effect there'],
  ],
  [
    'an override of a method of another route',
    ({ orders }) => {
      orders.overrides = [{ method: 'List' }];
    },
    ['routers[0].routes[0].overrides[0]: the route does not take method List: no effect there'],
  ],
  [
    'an override on a route without a key',
    ({ rest }) => {
      rest.overrides = [{ method: 'List', routing_field: 'id' }];
    },
    ['routers[0].routes[2].overrides[0]: a route of type round_robin has no routing field: no effect'],
  ],
  [
    'settings that the route does not use',
    ({ members, rest }) => {
      rest.routing_field = 'id';
      rest.routing_field_default = true;
      rest.binding = members.binding;
    },
    [
      'routers[0].routes[2].routing_field: has no effect on a route of type round_robin',
      'routers[0].routes[2].routing_field_default: has no effect on a route of type round_robin',
      'routers[0].routes[2].binding: has no effect on a route of type round_robin',
    ],
  ],
  [
    'an association on a backend of type server',
    ({ two }) => {
      two.association = { location: 'header' };
    },
    ['backend_clusters[0].backends[1].association: has no effect on a backend of type server'],
  ],
  [
    'a request that cannot carry the transaction id',
    ({ one }) => {
      one.association = { location: 'protobuf', field: 'id' };
    },
    [
      "backend_clusters[0].backends[0].association.field: message google.protobuf.Empty has no field 'id': replicas get List without a transaction id",
    ],
  ],
  [
    'backends of one name that a source route may mean',
    ({ root, orders }) => {
      orders.type = 'source';
      delete orders.nb_binding_methods;
      root.backend_clusters.push({ ...root.backend_clusters[0], name: 'more' });
    },
    [
      "backend_clusters[1].backends[0].name: 'one' is also at backend_clusters[0].backends[0].name: source routes cannot tell them apart",
      "backend_clusters[1].backends[1].name: 'two' is also at backend_clusters[0].backends[1].name: source routes cannot tell them apart",
    ],
  ],
];

for (const [name, change, warnings] of warned) {
  test(`warns of ${name}`, (context) => {
    assert.deepEqual(warningsOf(context, change), warnings);
  });
}

const fine: readonly (readonly [name: string, change: Change])[] = [
  [
    'comments anywhere',
    ({ orders, one }) => {
      orders._x = 1;
      one.connections[0]._ = [];
    },
  ],
  [
    'an IPv6 address in brackets',
    ({ server }) => {
      server.address = '[::1]';
    },
  ],
  [
    'a wildcard package and service on a server',
    ({ server }) => {
      server.routers = [{ package: '*', router: 'shop' }];
    },
  ],
  [
    'a descriptor on a route',
    ({ router, rest }) => {
      delete router.proto_descriptor;
      rest.proto_descriptor = 'shop.proto';
    },
  ],
  [
    'an rpc_affinity_header route',
    ({ orders }) => {
      orders.type = 'rpc_affinity_header';
      orders.routing_field = 'X-Key';
      delete orders.nb_binding_methods;
    },
  ],
  [
    'a wildcard whose methods all have the field',
    ({ orders }) => {
      orders.methods = ['*'];
    },
  ],
  [
    'a wildcard',
    ({ rest }) => {
      rest.methods = ['*'];
    },
  ],
  [
    'a nested field of a reply',
    ({ orders }) => {
      orders.methods = ['Create'];
      orders.routing_field = 'parent.id';
    },
  ],
  [
    'overrides',
    ({ orders }) => {
      orders.overrides = [{ method: 'Upload', routing_field: 'order' }, { method: 'Get' }];
    },
  ],
  [
    'an association with defaults',
    ({ one }) => {
      one.association = { location: 'header' };
    },
  ],
  [
    'the unused ports',
    ({ root }) => {
      root.ports = { grpcPort: 1, controlPort: '2' };
    },
  ],
];

for (const [name, change] of fine) {
  test(`takes ${name}`, (context) => {
    assert.deepEqual(warningsOf(context, change), []);
  });
}
