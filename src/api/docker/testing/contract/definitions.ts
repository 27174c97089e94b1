import { loadDocument } from './document.ts';
import { createChecks } from './schema.ts';

/** The problems of a value as one of the specification's definitions, or as a list of one (`Task[]`); none when it fits. */
export type Definitions = (definition: string, value: unknown) => readonly string[];

/** The definitions of the Engine API (Swagger 2), as JSON schemas. */
export const loadDefinitions = (): Definitions => {
  const check = createChecks(loadDocument());
  return (definition, value) => {
    const one = { $ref: `#/definitions/${definition.replace('[]', '')}` };
    return check(definition.endsWith('[]') ? { type: 'array', items: one } : one)(value);
  };
};
