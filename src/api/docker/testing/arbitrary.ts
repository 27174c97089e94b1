import * as fc from 'fast-check';
import * as z from 'zod';

/** Generators for places (paths with dots, `[]` for items) whose values have a form that the schema does not tell. */
export type Special = Readonly<Record<string, fc.Arbitrary<unknown>>>;

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);

/**
 * Values that fit a schema, every field among them; optional fields are there or not. So a field that is added to the
 * model is in the property tests by itself.
 */
export const arbitraryOf = (schema: z.ZodType, special: Special = {}, path = ''): fc.Arbitrary<unknown> => {
  const found = special[path];
  if (found !== undefined) return found;
  const at = (inner: z.core.$ZodType, step: string): fc.Arbitrary<unknown> =>
    arbitraryOf(inner as z.ZodType, special, `${path}${step}`);
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return at(schema.def.innerType, '');
  if (schema instanceof z.ZodObject) return objectOf(schema, (key, inner) => at(inner, path === '' ? key : `.${key}`));
  if (schema instanceof z.ZodArray) return fc.array(at(schema.def.element, '[]'), { minLength: 1, maxLength: 2 });
  if (schema instanceof z.ZodRecord) return fc.dictionary(word, at(schema.def.valueType, '{}'), { maxKeys: 2 });
  if (schema instanceof z.ZodDiscriminatedUnion || schema instanceof z.ZodUnion) {
    return fc.oneof(...schema.def.options.map((option) => at(option, '')));
  }
  if (schema instanceof z.ZodEnum) return fc.constantFrom(...schema.options);
  if (schema instanceof z.ZodLiteral) return fc.constantFrom(...schema.def.values);
  if (schema instanceof z.ZodBoolean) return fc.boolean();
  if (schema instanceof z.ZodNumber) return numberOf(schema);
  return word;
};

const objectOf = (
  schema: z.ZodObject,
  at: (key: string, inner: z.core.$ZodType) => fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> => {
  const entries = Object.entries(schema.shape);
  const required = entries.flatMap(([key, inner]) => (inner instanceof z.ZodOptional ? [] : [key]));
  return fc.record(Object.fromEntries(entries.map(([key, inner]) => [key, at(key, inner)])), {
    requiredKeys: required,
    noNullPrototype: true,
  });
};

const numberOf = (schema: z.ZodNumber): fc.Arbitrary<number> => {
  const min = Math.max(schema.minValue ?? 0, -1_000_000);
  const max = Math.min(schema.maxValue ?? 1_000_000, 1_000_000);
  return fc.integer({ min: Math.ceil(min), max: Math.floor(max) });
};
