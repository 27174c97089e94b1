import type { Parameter } from './document.ts';
import { loadDocument } from './document.ts';
import { createFinder, endpointsOf } from './endpoints.ts';
import type { Endpoint } from './endpoints.ts';
import { createChecks } from './schema.ts';

/** Names in lower case. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface SeenRequest {
  readonly method: string;
  /** As sent, with version and query. */
  readonly target: string;
  readonly headers: Headers;
  /** Absent: too large to keep. */
  readonly body?: Buffer;
}

export interface SeenAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Absent: too large to keep, taken over, or cut off. */
  readonly body?: Buffer;
}

/** What is against the specification; none where all is as it says. */
export interface Contract {
  readonly endpoints: readonly Endpoint[];
  /** The endpoint of a request's target. */
  find(method: string, target: string): Endpoint | undefined;
  request(endpoint: Endpoint, seen: SeenRequest): readonly string[];
  answer(endpoint: Endpoint, seen: SeenAnswer): readonly string[];
}

/** The Engine API's specification as checks of what passes over a socket. */
export const loadContract = (): Contract => {
  const document = loadDocument();
  const endpoints = endpointsOf(document);
  const find = createFinder(endpoints);
  const checks = createChecks(document);
  return {
    endpoints,
    find: (method, target) => find(method, pathOf(target)),
    request: (endpoint, seen) => [...queryProblems(endpoint, seen), ...requestBodyProblems(endpoint, seen, checks)],
    answer: (endpoint, seen) => {
      const stated = endpoint.responses[String(seen.status)];
      if (stated === undefined) {
        const errors = seen.status >= 400 ? bodyProblems(errorSchema, seen, checks) : [];
        return [`status ${seen.status} is not one of the endpoint's`, ...errors];
      }
      const missing = Object.keys(stated.headers ?? {}).filter(
        (name) => seen.headers[name.toLowerCase()] === undefined,
      );
      // The specification gives no schema to some of its errors.
      const schema = stated.schema ?? (seen.status >= 400 ? errorSchema : undefined);
      return [
        ...missing.map((name) => `header ${name} is missing`),
        ...(schema === undefined || endpoint.method === 'HEAD' ? [] : bodyProblems(schema, seen, checks)),
      ];
    },
  };
};

const errorSchema = { $ref: '#/definitions/ErrorResponse' };

type Checks = ReturnType<typeof createChecks>;

const pathOf = (target: string): string => decode((target.split('?')[0] ?? '').replace(/^\/v\d+\.\d+(?=\/)/, ''));

const decode = (path: string): string => {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
};

const queryProblems = (endpoint: Endpoint, { target }: SeenRequest): readonly string[] => {
  const query = new URLSearchParams(target.split('?')[1] ?? '');
  const parameters = (endpoint.parameters ?? []).filter((parameter) => parameter.in === 'query');
  const unknown = [...new Set(query.keys())].filter((name) => !parameters.some((parameter) => parameter.name === name));
  const missing = parameters.filter(({ name, required }) => required === true && !query.has(name));
  return [
    ...unknown.map((name) => `query ${name} is not one of the endpoint's`),
    ...missing.map(({ name }) => `query ${name} is missing`),
    ...parameters.flatMap((parameter) =>
      query.getAll(parameter.name).flatMap((value) => valueProblem(parameter, value)),
    ),
  ];
};

const forms: Readonly<Record<string, RegExp>> = { integer: /^-?\d+$/, boolean: /^(?:true|false|1|0|True|False)$/ };

const valueProblem = ({ name, type = 'string', enum: allowed }: Parameter, value: string): readonly string[] => {
  if (value === '') return [];
  if (forms[type]?.test(value) === false) return [`query ${name}=${value} is not of type ${type}`];
  return allowed === undefined || allowed.includes(value)
    ? []
    : [`query ${name}=${value} is not one of ${allowed.join(', ')}`];
};

const requestBodyProblems = (endpoint: Endpoint, { body, headers }: SeenRequest, checks: Checks): readonly string[] => {
  const parameter = endpoint.parameters?.find((one) => one.in === 'body');
  if (parameter?.schema === undefined || body === undefined) return [];
  if (body.length === 0) return parameter.required === true ? ['the body is missing'] : [];
  return isJson(headers) ? documentProblems(parameter.schema, body, checks) : [];
};

const bodyProblems = (schema: object, { body, headers }: SeenAnswer, checks: Checks): readonly string[] => {
  if (body === undefined || isBinary(schema)) return [];
  if (!isJson(headers)) return isText(schema) ? [] : [`content-type is ${String(headers['content-type'])}, not JSON`];
  return isText(schema) ? [] : documentProblems(schema, body, checks);
};

const isJson = (headers: Headers): boolean => /^application\/json\b/.test(String(headers['content-type'] ?? ''));
const isText = (schema: object): boolean => 'type' in schema && schema.type === 'string';
const isBinary = (schema: object): boolean => 'format' in schema && schema.format === 'binary';

const documentProblems = (schema: object, body: Buffer, checks: Checks): readonly string[] => {
  const check = checks(schema as Readonly<Record<string, unknown>>);
  const documents = readDocuments(body.toString());
  if (documents === undefined) return ['the body is not JSON'];
  return [...new Set(documents.flatMap((document) => check(document).map(general)))];
};

/** One JSON document, or a stream of them, a line each; an unfinished last line is the end of who read it. */
const readDocuments = (text: string): readonly unknown[] | undefined => {
  const whole = parse(text);
  if (whole !== undefined) return [whole];
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  const documents = lines.slice(0, text.endsWith('\n') ? undefined : -1).map(parse);
  return documents.length === 0 || documents.includes(undefined) ? undefined : documents;
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};

/** Places without what changes from one answer to the next: indexes and ids. */
const general = (problem: string): string =>
  problem.replace(/^\S+/, (place) => place.replaceAll(/\/(?:\d+|[0-9a-f]{12,64}|[0-9a-z]{25})(?=\/|$)/g, '/*'));
