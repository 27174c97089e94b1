import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { parse } from 'yaml';

const file = join(import.meta.dirname, '../../../../third_party/docker-engine-api-v1.51.yaml');

/** The problems of a value as one of the specification's definitions, or as a list of one; none when it fits. */
export type Specification = (definition: string, value: unknown) => readonly string[];

/** The definitions of the Engine API (Swagger 2), as JSON schemas. */
export const loadSpecification = (): Specification => {
  const { definitions } = parse(readFileSync(file, 'utf8')) as { readonly definitions: unknown };
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema({ $id: 'docker', definitions: nullable(definitions) });
  return (definition, value) => {
    const one = { $ref: `docker#/definitions/${definition.replace('[]', '')}` };
    const validate = ajv.compile(definition.endsWith('[]') ? { type: 'array', items: one } : one);
    if (validate(value) === true) return [];
    return (validate.errors ?? []).map(
      (error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`,
    );
  };
};

/** `x-nullable` is how Swagger 2 says that null is fine. */
const nullable = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(nullable);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, nullable(value)]));
  return inner['x-nullable'] === true ? { anyOf: [inner, { type: 'null' }] } : inner;
};
