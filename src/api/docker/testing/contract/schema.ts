import { Ajv } from 'ajv';
import type { ErrorObject } from 'ajv';
import type { Document, Schema } from './document.ts';

/** The problems of a value; none when it fits. */
export type Check = (value: unknown) => readonly string[];

/** Makes checks of schemas that refer to the definitions of a Swagger 2 document. */
export const createChecks = ({ definitions }: Pick<Document, 'definitions'>): ((schema: Schema) => Check) => {
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema({ $id: 'docker', definitions: converted(definitions) });
  const made = new Map<Schema, Check>();
  return (schema) => {
    const known = made.get(schema);
    if (known !== undefined) return known;
    const validate = ajv.compile(converted(schema) as Schema);
    const check: Check = (value) => (validate(value) === true ? [] : problems(validate.errors ?? []));
    made.set(schema, check);
    return check;
  };
};

/**
 * Swagger 2 as JSON schema: `x-nullable` is how it says that null is fine, `type: file` and `format: binary` that
 * anything is.
 */
const converted = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(converted);
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).filter(([key]) => key !== 'example' && key !== 'examples');
  const inner = Object.fromEntries(entries.map(([key, value]) => [key, converted(value)]));
  if (inner['type'] === 'file' || inner['format'] === 'binary') return {};
  if (typeof inner['$ref'] === 'string') inner['$ref'] = inner['$ref'].replace(/^#/, 'docker#');
  return inner['x-nullable'] === true ? { anyOf: [inner, { type: 'null' }] } : inner;
};

/** Of a nullable place, what is wrong with it besides that it is not null. */
const problems = (errors: readonly ErrorObject[]): readonly string[] =>
  errors
    .filter(({ keyword, schemaPath }) => keyword !== 'anyOf' && !schemaPath.endsWith('anyOf/1/type'))
    .map(({ instancePath, message, params }) => `${instancePath || '/'} ${message} ${JSON.stringify(params)}`);
