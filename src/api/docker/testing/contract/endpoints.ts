import { loadDocument } from './document.ts';
import type { Document, Operation } from './document.ts';

/** One method on one path of the specification. */
export interface Endpoint extends Operation {
  readonly method: string;
  /** With `{id}` and `{name}`. */
  readonly path: string;
  /** `GET /containers/{id}/json`. */
  readonly key: string;
}

/** Names that may have slashes in them. */
const longNames = /^\/(?:images|distribution|plugins)\/\{name\}/;

const patternOf = (path: string): RegExp => {
  const part = longNames.test(path) ? '.+?' : '(?:[^/]+?|[^/]+/[^/]+?)';
  return new RegExp(`^${path.replace(/\{\w+\}/g, part)}/?$`);
};

/** Every endpoint of the specification, in its order. */
export const endpointsOf = (document: Document = loadDocument()): readonly Endpoint[] =>
  Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([verb, operation]) => {
      const method = verb.toUpperCase();
      return { ...operation, method, path, key: `${method} ${path}` };
    }),
  );

/** Finds the endpoint of a request; `path` is without version and query. A fixed path goes before one with names. */
export const createFinder = (
  endpoints: readonly Endpoint[],
): ((method: string, path: string) => Endpoint | undefined) => {
  const named = (path: string): number => path.split('{').length;
  const sorted = endpoints
    .map((endpoint) => ({ endpoint, pattern: patternOf(endpoint.path) }))
    .toSorted(
      (a, b) => named(a.endpoint.path) - named(b.endpoint.path) || b.endpoint.path.length - a.endpoint.path.length,
    );
  return (method, path) =>
    sorted.find(({ endpoint, pattern }) => endpoint.method === method && pattern.test(path))?.endpoint;
};
