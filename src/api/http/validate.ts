import type * as z from 'zod';
import { TuttiError } from '../../model/errors.ts';

/** A value that fits its schema, and what had to be left out of the input for it. */
export interface Checked<Value> {
  readonly value: Value;
  /** Paths of fields that the schema does not know, `TaskTemplate.ContainerSpec.Foo`. */
  readonly unknown: readonly string[];
}

/** Fits or throws `invalid-argument` with every problem and its path. */
export const check = <Schema extends z.ZodType>(schema: Schema, input: unknown, what: string): z.output<Schema> => {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw refusal(what, result.error.issues);
};

/**
 * As `check`, for schemas made of strict objects: fields that they do not know are taken out and named, so that the
 * caller can warn of them instead of dropping them in silence.
 */
export const checkKnown = <Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  what: string,
): Checked<z.output<Schema>> => {
  const first = schema.safeParse(input);
  if (first.success) return { value: first.data, unknown: [] };
  const strays = first.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [],
  );
  if (strays.length === 0) throw refusal(what, first.error.issues);
  const pruned = structuredClone(input);
  for (const path of strays) removeAt(pruned, path);
  return { value: check(schema, pruned, what), unknown: strays.map((path) => path.map(String).join('.')) };
};

const removeAt = (root: unknown, path: readonly PropertyKey[]): void => {
  let at = root as Record<PropertyKey, unknown> | undefined;
  for (const key of path.slice(0, -1)) at = at?.[key] as Record<PropertyKey, unknown> | undefined;
  const last = path.at(-1);
  if (at !== undefined && last !== undefined) delete at[last];
};

const maxShown = 10;

const refusal = (what: string, issues: readonly z.core.$ZodIssue[]): TuttiError => {
  const lines = issues.slice(0, maxShown).map((issue) => {
    const path = issue.path.map(String).join('.');
    return path === '' ? issue.message : `${path}: ${issue.message}`;
  });
  const more = issues.length > maxShown ? `; and ${issues.length - maxShown} more` : '';
  return new TuttiError('invalid-argument', `invalid ${what}: ${lines.join('; ')}${more}`);
};
