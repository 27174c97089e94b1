import type { AssignedRoute } from '../../model/route.ts';
import type { RouteMatch } from '../../model/route.ts';

/** A word of HAProxy's configuration, whatever is in it (management of quotes: configuration manual, 2.2). */
export const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** The condition that a request meets these, beside host and path; empty where there are none. */
export const conditionOf = ({ methods, headers }: RouteMatch): string =>
  [
    ...(methods === undefined ? [] : [`{ method ${methods.join(' ')} }`]),
    ...Object.entries(headers ?? {}).map(([name, value]) =>
      value === '*' ? `{ req.hdr(${name}) -m found }` : `{ req.hdr(${name}) -m str -- ${quoted(value)} }`,
    ),
  ].join(' ');

const regexText = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

const compressed = [
  'text/html text/plain text/css text/csv text/xml text/javascript application/javascript application/json',
  'application/xml application/wasm image/svg+xml',
].join(' ');

/** What is done with every request of a route, in order; and with its connections. */
export const backendRules = (route: AssignedRoute, httpsPort: number): readonly string[] => [
  ...tlsRules(route, httpsPort),
  ...rateRules(route),
  ...bodyRules(route),
  ...actionRules(route),
];

const tlsRules = ({ options, certificateId }: AssignedRoute, httpsPort: number): readonly string[] => {
  if (options.tls === undefined || options.http === 'serve') return [];
  // Nobody can be sent to where nothing answers.
  if (certificateId === undefined) return ['http-request return status 503'];
  const to = httpsPort === 443 ? 'scheme https' : `prefix https://%[req.hdr(host),field(1,:)]:${httpsPort}`;
  return [`http-request redirect ${to} code 308 if !{ ssl_fc }`];
};

const rateRules = ({ options: { rate } }: AssignedRoute): readonly string[] =>
  rate === undefined
    ? []
    : [
        `stick-table type ipv6 size 100k expire ${rate.periodMs * 2}ms store http_req_rate(${rate.periodMs}ms)`,
        // Who has one address of IPv6 has the rest of its network as well.
        'http-request track-sc0 src,ipmask(32,64)',
        `http-request deny deny_status 429 if { sc_http_req_rate(0) gt ${rate.requests} }`,
      ];

const bodyRules = ({ options: { bodyBytes } }: AssignedRoute): readonly string[] =>
  bodyBytes === undefined
    ? []
    : [
        `http-request deny deny_status 413 if { req.hdr_val(content-length) gt ${bodyBytes} }`,
        // Only what is told beforehand can be refused before it arrives.
        'http-request return status 411 if { req.hdr(transfer-encoding) -m found }',
        'http-request return status 411 if { method POST PUT PATCH } !{ req.hdr(content-length) -m found }',
      ];

const actionRules = (route: AssignedRoute): readonly string[] => {
  const { action, options, match } = route;
  switch (action.kind) {
    case 'drop':
      return ['http-request reject'];
    case 'redirect':
      return [`http-request redirect prefix ${quoted(action.to)} code ${action.status ?? 302}`];
    case 'services':
      if (options.maintenance === true) {
        return [
          'http-request return status 503 content-type text/plain string "This service is being worked on.\\n" hdr Retry-After 60',
        ];
      }
      return [
        ...(options.strip === true && match.path !== '/'
          ? [`http-request replace-path ${quoted(`^${regexText(match.path)}(/|$)(.*)`)} ${quoted(String.raw`/\2`)}`]
          : []),
        // The proxy keeps a copy of each request for that: a third more of its processor time.
        ...(options.retry === true
          ? ['retry-on conn-failure empty-response', 'http-request disable-l7-retry if !{ method GET HEAD OPTIONS }']
          : []),
        ...(options.timeoutMs === undefined ? [] : [`timeout server ${options.timeoutMs}ms`]),
        ...(options.compress === true
          ? ['filter compression', 'compression algo gzip', `compression type ${compressed}`]
          : []),
      ];
  }
};
