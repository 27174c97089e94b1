import * as z from 'zod';

/**
 * The input with its fields named as the schema does, where they differ in case only: Go's JSON, which Docker's API is made
 * with, takes `global` for `Global`, and clients rely on it. What the schema does not know stays as it is.
 */
export const withFieldNames = (schema: z.core.$ZodType, input: unknown): unknown => {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return withFieldNames(schema.def.innerType, input);
  }
  if (Array.isArray(input)) {
    return schema instanceof z.ZodArray ? input.map((item) => withFieldNames(schema.def.element, item)) : input;
  }
  if (typeof input !== 'object' || input === null) return input;
  if (schema instanceof z.ZodObject) return named(schema.shape, input);
  if (!(schema instanceof z.ZodRecord)) return input;
  return Object.fromEntries(
    Object.entries(input).map(([key, value]) => [key, withFieldNames(schema.def.valueType, value)]),
  );
};

type Shape = Readonly<Record<string, z.core.$ZodType>>;

const named = (shape: Shape, input: object): Readonly<Record<string, unknown>> => {
  const names = namesOf(shape);
  const entries = Object.entries(input).map(([key, value]): [string, unknown] => {
    const known = Object.hasOwn(shape, key) ? key : names.get(key.toLowerCase());
    // The one that is written as it should be goes first.
    const name = known === undefined || (known !== key && Object.hasOwn(input, known)) ? key : known;
    const field = Object.hasOwn(shape, name) ? shape[name] : undefined;
    return [name, field === undefined ? value : withFieldNames(field, value)];
  });
  return Object.fromEntries(entries);
};

const known = new WeakMap<Shape, ReadonlyMap<string, string>>();

const namesOf = (shape: Shape): ReadonlyMap<string, string> => {
  const found = known.get(shape) ?? new Map(Object.keys(shape).map((key) => [key.toLowerCase(), key]));
  known.set(shape, found);
  return found;
};
