import { HeaderList } from '../http2/hpack/header-list.js';

/** The list without every field called `name` (lower case); the list itself when it has none. */
export function without(list: HeaderList, name: string): HeaderList {
  if (list.get(name) === undefined) return list;
  return new HeaderList(list.fields.filter((field) => field.name !== name));
}
