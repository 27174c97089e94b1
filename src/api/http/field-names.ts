import type * as z from 'zod';

/**
 * The input with its fields named as the schema does, where they differ in case only: Go's JSON, which Docker's API is made
 * with, takes `global` for `Global`, and clients rely on it. What the schema does not know stays as it is. Only what is
 * named otherwise is copied: a request may have a hundred thousand objects.
 */
export const withFieldNames = (schema: z.core.$ZodType, input: unknown): unknown => {
  if (typeof input !== 'object' || input === null) return input;
  // Not `instanceof`, which asks every schema for a set of names.
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'default':
      return withFieldNames(def.innerType, input);
    case 'array':
      return Array.isArray(input) ? itemsNamed(def.element, input) : input;
    case 'object':
      return Array.isArray(input) ? input : fieldsNamed(def.shape, input);
    case 'record':
      return Array.isArray(input) ? input : valuesNamed(def.valueType, input);
    default:
      return input;
  }
};

const itemsNamed = (element: z.core.$ZodType, input: readonly unknown[]): readonly unknown[] => {
  const items = input.map((item) => withFieldNames(element, item));
  return items.every((item, index) => item === input[index]) ? input : items;
};

const valuesNamed = (valueType: z.core.$ZodType, input: object): object =>
  valueType._zod.def.type === 'unknown' || valueType._zod.def.type === 'string'
    ? input
    : copyIfChanged(input, (key, value) => [key, withFieldNames(valueType, value)]);

type Shape = Readonly<Record<string, z.core.$ZodType>>;

const fieldsNamed = (shape: Shape, input: object): object =>
  copyIfChanged(input, (key, value) => {
    const known = Object.hasOwn(shape, key) ? key : namesOf(shape).get(key.toLowerCase());
    // The one that is written as it should be goes first.
    const name = known === undefined || (known !== key && Object.hasOwn(input, known)) ? key : known;
    const field = Object.hasOwn(shape, name) ? shape[name] : undefined;
    return [name, field === undefined ? value : withFieldNames(field, value)];
  });

type Entry = readonly [key: string, value: unknown];

const copyIfChanged = (input: object, change: (...entry: Entry) => Entry): object => {
  const before = Object.entries(input) as readonly Entry[];
  const after = before.map(([key, value]) => change(key, value));
  const isSame = ([key, value]: Entry, index: number): boolean =>
    key === before[index]?.[0] && value === before[index]?.[1];
  return after.every(isSame) ? input : Object.fromEntries(after);
};

const known = new WeakMap<Shape, ReadonlyMap<string, string>>();

const namesOf = (shape: Shape): ReadonlyMap<string, string> => {
  const found = known.get(shape) ?? new Map(Object.keys(shape).map((key) => [key.toLowerCase(), key]));
  known.set(shape, found);
  return found;
};
