import { durationUnits } from './duration.ts';
import type { Labels } from './object.ts';
import { routeSpec } from './route.ts';
import type { RouteSpec } from './route.ts';

/** Begins the labels of a service that say which requests it gets: `tutti.route.host=shop.example`. */
export const routeLabel = 'tutti.route.';

/** What can be said of a route by labels, and below `x-tutti.route`. */
export const routeFields = [
  'host',
  'path',
  'port',
  'method',
  'header',
  'weight',
  'network',
  'sticky',
  'rate',
  'timeout',
  'body',
  'compress',
  'retry',
  'strip',
  'proxy-protocol',
  'tls',
  'http',
  'maintenance',
] as const;
type Field = (typeof routeFields)[number];

const certificateLabel = /^tutti\.route\.(?:[^.]+\.)?tls$/;

/** Names of the secrets that the labels' routes serve TLS with. */
export const certificatesInLabels = (labels: Labels = {}): readonly string[] =>
  Object.entries(labels).flatMap(([label, text]) => (certificateLabel.test(label) ? [text.trim()] : []));

/** The labels with other names for these secrets. */
export const renameCertificates = <Some extends Labels | undefined>(labels: Some, rename: (name: string) => string) =>
  labels &&
  Object.fromEntries(
    Object.entries(labels).map(([label, text]) => [label, certificateLabel.test(label) ? rename(text.trim()) : text]),
  );

/** A route as the labels say it: a text for each field. */
type Texts = Partial<Record<Exclude<Field, 'header'>, string>> & { headers: Record<string, string> };

export interface LabelledRoutes {
  readonly routes: readonly RouteSpec[];
  /** What is wrong, each with its label. */
  readonly problems: readonly string[];
}

const isField = (word: string): word is Field => (routeFields as readonly string[]).includes(word);

/** Whether the labels say anything of routes. */
export const hasRouteLabels = (labels: Labels | undefined): boolean =>
  labels !== undefined && Object.keys(labels).some((label) => label.startsWith(routeLabel));

/**
 * The routes that a service's labels ask for. `tutti.route.FIELD` is one route; for several each has a name:
 * `tutti.route.NAME.FIELD`. `host` may name several, with commas between them: each is a route of its own.
 */
export const readRouteLabels = (service: string, labels: Labels = {}): LabelledRoutes => {
  const problems: string[] = [];
  const named = new Map<string, Texts>();
  for (const [label, text] of Object.entries(labels)) {
    if (!label.startsWith(routeLabel)) continue;
    const words = label.slice(routeLabel.length).split('.');
    const name = isField(words[0] ?? '') ? '' : (words.shift() ?? '');
    const field = words.shift() ?? '';
    const texts = named.get(name) ?? { headers: {} };
    named.set(name, texts);
    if (!isField(field) || words.length > 0 !== (field === 'header')) {
      problems.push(`label ${label}: a route has ${routeFields.join(', ')}; "${field}" is none of them`);
    } else if (field === 'header') {
      const header = words.join('.').toLowerCase();
      // An object would take it for its prototype, and it would be lost.
      if (header === '__proto__') problems.push(`label ${label}: a route cannot ask for a header of this name`);
      else texts.headers[header] = text;
    } else texts[field] = text.trim();
  }
  const routes = [...named].flatMap(([name, texts]) => {
    const prefix = name === '' ? routeLabel : `${routeLabel}${name}.`;
    return specsOf(service, texts, (field, what) => problems.push(`label ${prefix}${field}: ${what}`));
  });
  return { routes, problems };
};

type Fail = (field: Field, what: string) => void;

const specsOf = (service: string, texts: Texts, fail: Fail): RouteSpec[] => {
  if (texts.port === undefined) fail('port', 'the port that the service listens on is missing');
  const hosts = (texts.host ?? '*').split(',').map((host) => host.trim().toLowerCase());
  const methods = texts.method?.split(',').map((word) => word.trim().toUpperCase());
  let failed = texts.port === undefined;
  const read = <Value>(field: Exclude<Field, 'header'>, parse: (text: string) => Value | undefined, want: string) => {
    const text = texts[field];
    if (text === undefined) return undefined;
    const value = parse(text);
    if (value === undefined) {
      failed = true;
      fail(field, `${want}, not "${text}"`);
    }
    return value;
  };
  const options = {
    sticky: read('sticky', flag, 'true or false'),
    rate: read('rate', rate, 'requests in a time, such as 100/s or 1000/m'),
    timeoutMs: read('timeout', duration, 'a time such as 30s'),
    bodyBytes: read('body', size, 'a size such as 10m'),
    compress: read('compress', flag, 'true or false'),
    retry: read('retry', flag, 'true or false'),
    strip: read('strip', flag, 'true or false'),
    proxyProtocol: read('proxy-protocol', oneOf('v1', 'v2'), 'v1 or v2'),
    tls: texts.tls,
    http: read('http', oneOf('redirect', 'serve'), 'redirect or serve'),
    maintenance: read('maintenance', flag, 'true or false'),
  };
  const target = {
    service,
    port: read('port', whole, 'a port number'),
    weight: read('weight', whole, 'a number from 0 to 256'),
    network: texts.network,
  };
  if (failed) return [];
  return hosts.flatMap((host) => {
    const match = { host, path: pathOf(texts.path), methods, headers: orNone(texts.headers) };
    const parsed = routeSpec.safeParse({ match, action: { kind: 'services', targets: [target] }, options });
    if (parsed.success) return [withoutAbsent(parsed.data)];
    for (const issue of parsed.error.issues) {
      const { message } = issue.code === 'invalid_key' ? (issue.issues[0] ?? issue) : issue;
      fail(fieldAt(issue.path), message);
    }
    return [];
  });
};

/** `zod` keeps keys that are undefined; rows do not have them. */
const withoutAbsent = (spec: RouteSpec): RouteSpec => JSON.parse(JSON.stringify(spec)) as RouteSpec;

const fieldAt = (path: readonly PropertyKey[]): Field => {
  const found = path.map(String).find((step) => isField(step) || step in otherNames);
  return found === undefined ? 'host' : isField(found) ? found : (otherNames[found] ?? 'host');
};
const otherNames: Readonly<Record<string, Field>> = {
  methods: 'method',
  headers: 'header',
  timeoutMs: 'timeout',
  bodyBytes: 'body',
  proxyProtocol: 'proxy-protocol',
};

const orNone = (record: Record<string, string>) => (Object.keys(record).length === 0 ? undefined : record);

/** Without slashes at the end: `/api/` is `/api`. */
const pathOf = (text = '/'): string => (text.length > 1 ? text.replace(/\/+$/, '') || '/' : text);

const flag = (text: string): boolean | undefined => (text === 'true' ? true : text === 'false' ? false : undefined);
const whole = (text: string): number | undefined => (/^\d{1,6}$/.test(text) ? Number(text) : undefined);
const oneOf =
  <Word extends string>(...words: readonly Word[]) =>
  (text: string): Word | undefined =>
    words.find((word) => word === text);

const unitMs = (unit = ''): number => durationUnits[unit] ?? 1;
const duration = (text: string): number | undefined => {
  const [, number, unit] = /^(\d{1,9})(ms|s|m|h)$/.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) * unitMs(unit);
};
const rate = (text: string) => {
  const [, requests, count, unit] = /^(\d{1,7})\/(\d{0,4})(s|m|h)$/.exec(text) ?? [];
  if (requests === undefined) return undefined;
  return { requests: Number(requests), periodMs: Number(count === '' ? 1 : count) * unitMs(unit) };
};
const unitBytes: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };
const size = (text: string): number | undefined => {
  const [, number, unit] = /^(\d{1,12})([kmg]?)b?$/i.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) * (unitBytes[(unit ?? '').toLowerCase()] ?? 1);
};
