import type { RoutingFieldType } from '../../src/main/config/routing-file.js';
import { FieldFault, RoutingField } from '../../src/main/routing/routing-field.js';
import { hold } from '../finding.js';
import type { Target } from '../target.js';

const types: readonly RoutingFieldType[] = ['string', 'int32', 'int64', 'uint64', 'sint64', 'fixed32', 'sfixed64'];
const paths = [[1], [2, 1], [3, 2, 16], [9]];
const fields = types.flatMap((type) =>
  paths.map((numbers) => new RoutingField({ path: numbers.join('.'), numbers, type }, false)),
);
/** What lies around a message in its chunk. */
const BEFORE = Buffer.from([0, 0, 0, 0, 9]);
const AFTER = Buffer.alloc(20, 0x0a);

/** The routing field: any message is read or refused, wherever it lies. */
export const fieldTarget: Target = {
  name: 'field',
  corpus: 'fields',
  framed: false,
  start: () => (input) => {
    const chunk = Buffer.concat([BEFORE, input, AFTER]).subarray(BEFORE.length, BEFORE.length + input.length);
    const happened = fields.map((field) => {
      const result = field.read(input);
      hold(field.read(chunk) === result, 'a field depends on what lies around its message');
      hold(typeof result === 'number' || result.length <= input.length + 20, 'a key is longer than its message');
      return typeof result === 'string' ? 'k' : result === FieldFault.absent ? 'a' : 'm';
    });
    return happened.join('');
  },
};
