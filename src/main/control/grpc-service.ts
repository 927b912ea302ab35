import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';
import { packageFile } from '../package-file.js';

/** A service that the control server serves. */
export interface GrpcService {
  /** The file in protos/ that defines it. */
  readonly file: string;
  /** `package.Service`. */
  readonly name: string;
  /** By the name of the method. */
  readonly handlers: UntypedServiceImplementation;
}

/** Loads a file in protos/: absent fields are their defaults, 64-bit integers numbers, enums names, field names camelCase. */
export function loadProto(file: string): PackageDefinition {
  return loadSync(packageFile(`protos/${file}`), { longs: Number, enums: String, defaults: true, oneofs: true });
}

/** The same as it stands in the file, with its own field names: what reflection tells. */
export function loadProtoVerbatim(file: string): PackageDefinition {
  return loadSync(packageFile(`protos/${file}`), { keepCase: true });
}
