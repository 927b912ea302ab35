import { readFileSync } from 'node:fs';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { packageFile } from '../package-file.js';
import { type ConfigProblem, describeValue } from './config-error.js';
import { memberPath } from './config-node.js';

/** The JSON Schema that checks routing files, here and in editors; also what its `title`s allow is said to the operator. */
export const SCHEMA_FILE = 'config/routing-file.schema.json';

/**
 * Checks the shape of a routing file: known keys, types, ranges and what must be present.
 * @param file the file as the operator named it
 * @returns every problem; none when the shape is right
 */
export function schemaProblems(value: unknown, file: string): ConfigProblem[] {
  const validate = compile();
  if (validate(value)) return [];
  const errors = (validate.errors ?? []).filter((error) => error.keyword !== 'if');
  return withoutBranches(errors).map((error) => toProblem(error, value, file));
}

/** `verbose` gives errors the value and the schema they come from. */
function compile(): ValidateFunction {
  const schema = JSON.parse(readFileSync(packageFile(SCHEMA_FILE), 'utf8')) as object;
  return new Ajv({ allErrors: true, verbose: true, strictTypes: false }).compile(schema);
}

/** `anyOf` reports every branch besides itself; one problem is enough. */
function withoutBranches(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const choices = errors.filter((error) => error.keyword === 'anyOf');
  return errors.filter(
    (error) =>
      !choices.some(
        (choice) => error.instancePath === choice.instancePath && error.schemaPath.startsWith(`${choice.schemaPath}/`),
      ),
  );
}

function toProblem(error: ErrorObject, root: unknown, file: string): ConfigProblem {
  const path = jsonPath(error.instancePath, root);
  const parent = (error.parentSchema ?? {}) as SchemaPart;
  const params = error.params as Readonly<Record<string, string>>;
  switch (error.keyword) {
    case 'additionalProperties': {
      const keys = Object.keys(parent.properties ?? {}).filter((key) => key !== '$schema');
      const key = params.additionalProperty;
      return {
        file,
        path: memberPath(path, key),
        found: 'an unknown key',
        allowed: `${keys.join(', ')}, or a comment _…`,
      };
    }
    case 'required':
      return {
        file,
        path: memberPath(path, params.missingProperty),
        found: 'nothing',
        allowed: parent.title ?? 'a value (required)',
      };
    default:
      return {
        file,
        path: path === '' ? 'the file' : path,
        found: describeValue(error.data),
        allowed: allowedBy(error, parent),
      };
  }
}

/** The parts of a schema that say what it allows. */
interface SchemaPart {
  readonly title?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, unknown>>;
}

function allowedBy(error: ErrorObject, schema: SchemaPart): string {
  if (schema.title !== undefined) return schema.title;
  if (schema.minimum !== undefined) return `a number from ${schema.minimum} to ${schema.maximum}`;
  switch (error.keyword) {
    case 'enum':
      return (schema.enum ?? []).map((value) => JSON.stringify(value)).join(', ');
    case 'minItems':
      return 'a list of one or more';
    case 'minLength':
      return 'a string that is not empty';
    case 'type':
      return [(error.params as { type: string | readonly string[] }).type]
        .flat()
        .map((type) => TYPE_WORDS[type] ?? type)
        .join(' or ');
    default:
      return error.message ?? error.keyword;
  }
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  integer: 'a whole number',
  object: 'an object',
  string: 'a string',
};

/** `/servers/0/port` (RFC 6901) → `servers[0].port`. */
function jsonPath(pointer: string, root: unknown): string {
  let path = '';
  let value = root;
  for (const token of pointer.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    path = Array.isArray(value) ? `${path}[${key}]` : memberPath(path, key);
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return path;
}
