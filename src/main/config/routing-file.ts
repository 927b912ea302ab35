import type { CertificateSource } from '../certificates/certificate-source.js';

/** The routing file after validation: names resolved to what they mean, defaults filled in, comments gone. */

export interface RoutingFile {
  readonly servers: readonly ServerConfig[];
  readonly routers: readonly RouterConfig[];
  readonly clusters: readonly ClusterConfig[];
  readonly api: ApiConfig | undefined;
  /** Where the health probe should listen; each part may be missing. */
  readonly probe?: ProbeConfig | undefined;
}

export interface ServerConfig {
  readonly name: string;
  /** `''` = all interfaces. */
  readonly address: string;
  readonly port: number;
  readonly routers: readonly ServerRouterConfig[];
  /** Undefined = plain text. */
  readonly tls: ServerTlsConfig | undefined;
}

/**
 * Whether clients are asked for a certificate: `request` lets those through that have none, but not those whose certificate
 * is not verified.
 */
export type ClientAuth = 'none' | 'request' | 'require';

export interface ServerTlsConfig {
  /** Certificate and key are there. */
  readonly certificates: CertificateSource;
  readonly clientAuth: ClientAuth;
  /** Metadata key, lower case, in which backends are told the client's verified identity. */
  readonly identityKey: string | undefined;
}

export interface ServerRouterConfig {
  /** Package, or `*`; may be empty. */
  readonly package: string;
  /** Service, or `*`. */
  readonly service: string;
  /** Name of a router. */
  readonly router: string;
}

export interface RouterConfig {
  readonly name: string;
  readonly package: string;
  readonly service: string;
  readonly routes: readonly RouteConfig[];
}

export interface MethodConfig {
  readonly name: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  /** False when the service definition does not have this method (it is then carried as unary → unary). */
  readonly defined: boolean;
  /**
   * Field numbers from the message's top level down to the routing field, with its scalar type, read from the request
   * message; undefined when the route needs no field for this method.
   */
  readonly requestField: RoutingFieldConfig | undefined;
  /** The same, for the response message of a method in `nb_binding_methods`. */
  readonly responseField: RoutingFieldConfig | undefined;
  /**
   * Metadata key (lower case) that holds the routing key, for a method of an `rpc_affinity_header` route: the route's, or its
   * override's. Undefined = round robin; undefined on every other route.
   */
  readonly routingKey: string | undefined;
  /**
   * By index of the backend in the route's cluster: the request field that carries the association id
   * (`location: protobuf`; top-level field, string or integer), or undefined. Empty when no backend has one.
   */
  readonly associationFields: readonly (RoutingFieldConfig | undefined)[];
}

/** A field path compiled to numbers: `a.b.c` → numbers of a, b and c. */
export interface RoutingFieldConfig {
  /** As written in the file, for messages. */
  readonly path: string;
  /** At least one. All but the last are message fields. */
  readonly numbers: readonly number[];
  readonly type: RoutingFieldType;
}

export type RoutingFieldType =
  | 'string'
  | 'int32'
  | 'int64'
  | 'uint32'
  | 'uint64'
  | 'sint32'
  | 'sint64'
  | 'fixed32'
  | 'fixed64'
  | 'sfixed32'
  | 'sfixed64';

export type RouteType = 'rpc_affinity_message' | 'rpc_affinity_header' | 'binding' | 'round_robin' | 'source';

export interface RouteConfig {
  readonly name: string;
  readonly type: RouteType;
  readonly cluster: string;
  /** True when the router has a service definition, so that `methods` is complete also for a wildcard. */
  readonly hasDescriptor: boolean;
  /** As written: a field path, a metadata key (lower case; rpc_affinity_header), or undefined. */
  readonly routingField: string | undefined;
  /** An absent field reads as its type's default instead of failing. */
  readonly routingFieldDefault: boolean;
  /** True for `methods: ["*"]`: then `methods` lists every method of the service that no other route takes. */
  readonly wildcard: boolean;
  readonly methods: readonly MethodConfig[];
  readonly binding: BindingConfig | undefined;
}

export interface BindingConfig {
  /** Metadata key, lower case. */
  readonly field: string;
  /** The method that creates a binding. */
  readonly method: string;
  readonly exclusive: boolean;
}

export interface ClusterConfig {
  readonly name: string;
  readonly backends: readonly BackendConfig[];
}

export interface BackendConfig {
  readonly name: string;
  readonly type: 'active_active' | 'server';
  /** Always present for `active_active`. */
  readonly association: AssociationConfig | undefined;
  readonly connections: readonly ConnectionConfig[];
  /** Undefined = plain text. */
  readonly tls: BackendTlsConfig | undefined;
}

export interface BackendTlsConfig {
  readonly certificates: CertificateSource;
  /** The host name that the certificates of the connections must have; undefined = each its own address. */
  readonly serverName: string | undefined;
}

export interface AssociationConfig {
  readonly strategy: 'serial_number' | 'uuid';
  readonly location: 'header' | 'protobuf';
  /** Metadata key (location header). */
  readonly key: string;
}

export interface ConnectionConfig {
  readonly name: string;
  /** `''` together with port 0: not known yet, waits for SetConnection. */
  readonly addr: string;
  readonly port: number;
}

/** `api.probeHost` and `api.probePort`; AFROUTER_ADMIN_ADDRESS and AFROUTER_ADMIN_PORT go over them. */
export interface ProbeConfig {
  readonly address: string | undefined;
  /** 0 = none. */
  readonly port: number | undefined;
}

export interface ApiConfig {
  /** Never empty. */
  readonly address: string;
  readonly port: number;
  /** Undefined = plain text. */
  readonly tls: ServerTlsConfig | undefined;
}
