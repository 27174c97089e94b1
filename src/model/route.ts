import * as z from 'zod';
import { addressOrNetwork, bytes, port } from './common.ts';
import { networkId, serviceId } from './ids.ts';
import type { DeepReadonly, Stored } from './object.ts';

/** `shop.example`, `*.shop.example` (one label in place of the star), or `*` for any. In lower case. */
export const routeHost = z
  .string()
  .max(253)
  .regex(
    /^(\*|(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*)$/,
    'a host is a name such as shop.example, *.shop.example, or * for any',
  );

/**
 * A prefix in whole segments: `/api` is `/api` and `/api/…`, not `/apis`. No slash at its end but in `/`. What requests
 * write in several ways is compared in the plainest one: a route in another one would be for none.
 */
export const routePath = z
  .string()
  .max(1024)
  .regex(
    /^\/([A-Za-z0-9._~!$&'()*+,;=:@/-]*[A-Za-z0-9._~!$&'()*+,;=:@-])?$/,
    'a path begins with / and has no spaces, and nothing in it is encoded with %',
  )
  .regex(/^(?!.*\/(\/|\.{1,2}([/;]|$)))/, 'a path has no //, /./ and /../ in it');

const method = z.string().regex(/^[A-Z]{1,32}$/, 'methods are words in capitals, such as GET');
const headerName = z.string().regex(/^[A-Za-z0-9._-]{1,128}$/, 'the name of a header is of letters, digits, - _ and .');
/** Printable; `*` for any value. The proxy takes a brace by itself, quoted too, for the end of a condition. */
const headerValue = z
  .string()
  .regex(/^(?!\}$)[\x20-\x7e]{1,1024}$/, 'a header is compared with printable text that is more than a }');
/** A line of the proxy's configuration has 64 words. */
const mostHeaders = 4;

const day = 86_400_000;

/** `tls` of a route whose certificate the cluster gets by itself. */
export const acmeTls = 'acme';

/** Which requests a route is for. */
export const routeMatch = z.object({
  host: routeHost,
  path: routePath,
  /** Absent: any. */
  methods: z.array(method).min(1).max(16).optional(),
  /** By lower-case name: the value, or `*` where it only has to be there. All of them have to be right. */
  headers: z
    .record(headerName, headerValue)
    .refine((headers) => Object.keys(headers).length <= mostHeaders, `a route looks at ${mostHeaders} headers at most`)
    .optional(),
});

export const routeOptions = z.object({
  /** A client stays with the task that it got first, by a cookie. */
  sticky: z.boolean().optional(),
  /** Requests of one client address in a span of time; what is beyond is answered 429. */
  rate: z
    .object({
      requests: z.number().int().min(1).max(1_000_000),
      periodMs: z.number().int().min(1000, 'a rate is for a second at least').max(day, 'a rate is for a day at most'),
    })
    .optional(),
  /** The longest silence of a task. */
  timeoutMs: z.number().int().min(1).max(day, 'a day at most').optional(),
  /** What is longer is answered 413. */
  bodyBytes: bytes.optional(),
  /** Answers are compressed for clients that take it. */
  compress: z.boolean().optional(),
  /** What a task hangs up on before it answers is asked of another one, for GET, HEAD and OPTIONS. */
  retry: z.boolean().optional(),
  /** The prefix is taken off before the request goes on. */
  strip: z.boolean().optional(),
  /** Tasks are told of the client by the PROXY protocol. */
  proxyProtocol: z.enum(['v1', 'v2']).optional(),
  /** Name of the secret with the certificate and its key, PEM: the route is served by TLS. `acme`: one that the cluster gets by itself. */
  tls: z.string().max(255).optional(),
  /** What becomes of requests without TLS where there is `tls`; absent: they are redirected. */
  http: z.enum(['redirect', 'serve']).optional(),
  /** Everything is answered 503: the service is being worked on. */
  maintenance: z.boolean().optional(),
});

/** Part of a route's requests goes to this service. */
export const routeTarget = z.object({
  /** Name or id. */
  service: z.string().min(1).max(255),
  port,
  /** Its share beside the others'. */
  weight: z.number().int().min(0).max(256).optional(),
  /** Name or id of the network to reach it by; absent: one that it is on. */
  network: z.string().max(255).optional(),
});

export const routeAction = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('services'), targets: z.array(routeTarget).min(1).max(16) }),
  /** `to`: `https://new.example`; the path is kept. */
  z.object({
    kind: z.literal('redirect'),
    to: z.string().regex(/^https?:\/\/[A-Za-z0-9.:_[\]-]{1,253}$/, 'a redirect leads to https://HOST or http://HOST'),
    status: z.union([z.literal(301), z.literal(302), z.literal(307), z.literal(308)]).optional(),
  }),
  /** The connection is closed without a word. */
  z.object({ kind: z.literal('drop') }),
]);

export const routeSpec = z
  .object({ match: routeMatch, action: routeAction, options: routeOptions.optional() })
  .refine(({ match, options }) => options?.tls !== acmeTls || !match.host.includes('*'), {
    path: ['options', 'tls'],
    message: 'a certificate by ACME is for one host by its whole name, without a star',
  });

export type RouteMatch = DeepReadonly<z.infer<typeof routeMatch>>;
export type RouteTarget = DeepReadonly<z.infer<typeof routeTarget>>;
export type RouteSpec = DeepReadonly<z.infer<typeof routeSpec>>;

/** What nodes are told of a route: where its requests go, with everything resolved. */
export const assignedRoute = z.object({
  kind: z.literal('route'),
  /** As `routeName` gives it. */
  id: z.string(),
  match: routeMatch,
  action: z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('services'),
      targets: z.array(
        z.object({
          serviceId,
          serviceName: z.string(),
          /** Where its tasks are reached, the best first. */
          networkIds: z.array(networkId),
          port,
          weight: z.number().optional(),
        }),
      ),
    }),
    z.object({ kind: z.literal('redirect'), to: z.string(), status: z.number().optional() }),
    z.object({ kind: z.literal('drop') }),
  ]),
  options: routeOptions,
  /** Of the secret that `options.tls` names. */
  certificateId: z.string().optional(),
});

/** That the node runs the front door. */
export const assignedDoor = z.object({
  kind: z.literal('door'),
  id: z.literal('door'),
  httpPort: port,
  httpsPort: port,
  /** What the cookies of sticky routes are made with: the same on every node. */
  cookieKey: z.string(),
  /** What follows the token in the answer to a challenge of ACME. Absent: there is no account. */
  acmeThumbprint: z.string().optional(),
  accessLog: z.boolean().optional(),
  /** Addresses and networks whose connections begin with the PROXY protocol. */
  proxyFrom: z.array(addressOrNetwork).optional(),
});

export type AssignedRoute = DeepReadonly<z.infer<typeof assignedRoute>>;
export type AssignedDoor = DeepReadonly<z.infer<typeof assignedDoor>>;

/** A route that is no service's own: made with `tutti route add`. */
export interface Route extends Stored<string> {
  readonly spec: RouteSpec;
}

/** What a route is called: `shop.example/api`, `shop.example/ GET,HEAD x-version=beta`. Two routes with one name are one. */
export const routeName = ({ host, path, methods = [], headers = {} }: RouteMatch): string => {
  const conditions = [
    ...(methods.length > 0 ? [methods.toSorted().join(',')] : []),
    ...Object.entries(headers)
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, value]) => `${name}=${value}`),
  ];
  return [`${host}${path}`, ...conditions].join(' ');
};
