import type { AssignedDoor, RouteMatch } from '../../model/route.ts';
import { acmeHosts } from './acme.ts';
import type { ProxyBackend } from './backends.ts';
import { groupRoutes } from './groups.ts';
import { backendRules, conditionOf, quoted } from './rules.ts';
import type { Slot, Slots } from './slots.ts';

/** A certificate with its key, as a file that the proxy reads. */
export interface ProxyCertificate {
  readonly path: string;
  /** Host of the route that it is for. */
  readonly host: string;
}

export interface ProxyInput {
  readonly door: AssignedDoor;
  /** The node has IPv6: it listens there as well. */
  readonly ipv6: boolean;
  readonly backends: readonly ProxyBackend[];
  readonly certificates: readonly ProxyCertificate[];
  readonly paths: {
    /** Sockets that the proxy makes: where it is driven by, and where its metrics are. */
    readonly control: string;
    readonly metrics: string;
  };
  /** Whom it runs as once it listens; absent: as whoever starts it. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Takes the text of a file that the configuration refers to, gives its path. */
  readonly file: (name: string, text: string) => string;
}

/** The configuration in two parts: what a running proxy can only get by loading it again, and what is in its slots. */
export interface ProxyConfig {
  /** The same text: nothing has to be loaded again. */
  readonly structure: string;
  /** The file. `id` is told by the proxy that has loaded it (`description` in `show info`). */
  readonly text: (id: string) => string;
}

interface Backend extends ProxyBackend {
  readonly slots: readonly Slot[];
}

/** What HAProxy (2.6 and newer) is to do for these routes. */
export const proxyConfig = (input: ProxyInput, slots: Slots): ProxyConfig => {
  const backends = input.backends.map((backend) => ({ ...backend, slots: slots.get(backend.name) ?? [] }));
  const front = frontend(input);
  const write = (id: string, slotLine: (slot: Slot) => string): string =>
    [
      globalSection(input, id),
      ...(input.door.accessLog === true ? [accessRing] : []),
      defaults,
      front,
      metricsFrontend(input.paths.metrics),
      'backend drop\n  http-request reject',
      ...backends.map((backend) => backendSection(backend, input.door, slotLine)),
    ].join('\n\n') + '\n';
  return { structure: write('', ({ name }) => name), text: (id) => write(id, serverLine) };
};

const serverLine = ({ name, address, port, weight, ready }: Slot): string =>
  `${name} ${address}:${port} weight ${weight}${ready ? '' : ' disabled'}`;

const section = (head: string, lines: readonly string[]): string =>
  [head, ...lines.map((line) => `  ${line}`)].join('\n');

/** Mozilla's intermediate recommendation: TLS 1.2 with forward secrecy, and 1.3. */
const ciphers = [
  'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

const globalSection = ({ paths, user }: ProxyInput, id: string): string =>
  section('global', [
    `description tutti:${id}`,
    `stats socket ${quoted(paths.control)} mode 600 level admin expose-fd listeners`,
    // Whoever follows the access log hears nothing for as long as nobody asks.
    'stats timeout 1d',
    ...(user === undefined ? [] : [`uid ${user.uid}`, `gid ${user.gid}`]),
    // How many connections there may be follows from that, where the machine does not allow less.
    'fd-hard-limit 100000',
    // Whoever has a connection when the proxy is loaded again keeps it for so long.
    'hard-stop-after 30m',
    'ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets',
    `ssl-default-bind-ciphers ${ciphers}`,
  ]);

const defaults = section('defaults', [
  'mode http',
  'timeout connect 2s',
  'timeout client 60s',
  'timeout server 60s',
  'timeout tunnel 1h',
  'timeout client-fin 10s',
  'timeout http-request 10s',
  'timeout http-keep-alive 60s',
  'timeout queue 5s',
  // A task that cannot be connected to is left for another one.
  'retries 3',
  'option redispatch 1',
]);

const metricsFrontend = (path: string): string =>
  section('frontend metrics', [
    `bind ${quoted(`unix@${path}`)} mode 600`,
    'http-request use-service prometheus-exporter',
  ]);

type Place = Pick<RouteMatch, 'host' | 'path'>;
const groupName = ({ host, path }: Place): string => `?${host}${path}`;
const key = ({ host, path }: Place): string => `${host}${path === '/' ? '' : path}/`;

/** In memory, so that nobody has to take lines away for requests to go on; the eldest go for new ones. */
const accessRing = section('ring access', ['format raw', 'maxlen 8192', `size ${4 * 1024 * 1024}`]);

const entry = [
  '"time":%Ts.%ms,"client":"%ci","method":"%HM","host":"%[capture.req.hdr(0),json(utf8s)]"',
  '"uri":"%[capture.req.uri,json(utf8s)]","protocol":"%HV","status":%ST,"bytes":%B,"route":"%b","task":"%si:%sp"',
  '"ms":%Ta,"end":"%tsc"',
].join(',');
const accessLog = ['log ring@access len 8192 local0', 'capture request header Host len 255', `log-format '{${entry}}'`];

const frontend = (input: ProxyInput): string => {
  const { backends } = input;
  const nameOf = new Map(backends.map(({ name, route }) => [route.id, name]));
  const groups = groupRoutes(backends.map(({ route }) => route));
  const targets = groups.map((group) => {
    const [first] = group.routes;
    const plain = first !== undefined && conditionOf(first.match) === '';
    return { group, value: plain ? (nameOf.get(first.id) ?? 'drop') : groupName(group) };
  });
  const map = (kind: (host: string) => boolean): LookupMap => {
    const found = targets.filter(({ group }) => kind(group.host));
    return {
      hosts: linesOf(found.map(({ group }) => group.host)),
      entries: linesOf(found.map(({ group, value }) => `${key(group)} ${value}`)),
    };
  };
  const conditional = targets.filter(({ value }) => value.startsWith('?'));
  const steps = lookups(input, map);
  const challenged = acmeHosts(backends.map(({ route: { match, options } }) => ({ match, options })));
  return section('frontend door', [
    ...binds(input),
    ...balancers(input),
    ...(input.door.accessLog === true ? accessLog : []),
    'option idle-close-on-response',
    ...noTunnelPastRules,
    ...challenges(input, challenged),
    ...(steps.length === 0
      ? []
      : [`http-request set-var(txn.again) bool(1)${steps[0]?.unless ?? ''}`, oneHost, noStepsInPath, plainPath]),
    ...(conditional.length === 0
      ? []
      : steps.map(({ value, only = '' }) => `http-request set-var(txn.route) ${value} ${unknown}${only}`)),
    ...forwarded(input),
    ...conditional.flatMap(({ group, value }) =>
      group.routes.map(({ id, match }) =>
        `use_backend ${nameOf.get(id) ?? 'drop'} if { var(txn.route) -m str -- ${quoted(value)} } ${conditionOf(match)}`.trimEnd(),
      ),
    ),
    ...(conditional.length === 0
      ? steps.map(({ value, only = ` { ${value} -m found }` }) => `use_backend %[${value}] if${only}`)
      : ['use_backend %[var(txn.route)] if { var(txn.route) -m found }']),
    'default_backend drop',
  ]);
};

const unknown = 'if !{ var(txn.route) -m found }';

/** Looked at again, in a path that may say something else than it seems to: %61 for a letter, two slashes for one, steps. */
const odd = String.raw`{ path -m sub % // /. \\ }`;
/** The variable of the path does not say that: `OPTIONS *` has none. */
const again = '{ var(txn.again) -m found }';
/** Steps in the path, encoded or not, which clients take away before they ask, and what cannot be decoded have no one meaning. */
const noStepsInPath = String.raw`http-request return status 400 if ${again} { path -m found } !{ path,url_dec -m reg '^(?!.*[/\\][.]{1,2}([/;\\]|$))' }`;
/** The path as tasks are likely to read it: a route that closes something is not passed by writing its path in another way. */
const plainPath = `http-request set-var(txn.path) path,url_dec,regsub('/+','/',g) if ${again}`;
/** Host and path are looked up as one text, and of several names in one header HAProxy takes now the first, now the last. */
const oneHost = `http-request return status 400 if ${again} { req.fhdr(host) -m sub / , }`;

/**
 * What is asked over a tunnel no rule sees: neither what a task takes `CONNECT` for, nor HTTP in an upgraded connection.
 * WebSocket over HTTP/2 is a `GET` here (RFC 8441).
 */
const noTunnelPastRules = [
  'http-request return status 501 if { method CONNECT }',
  "http-request del-header '^(upgrade|http2-settings)$' -m reg if { req.fhdr(upgrade) -i -m sub h2c http/ tls/ }",
];

const binds = ({ door, ipv6, certificates, file }: ProxyInput): readonly string[] => {
  const list = certificates
    .map(({ path, host }) => `${path} [alpn h2,http/1.1]${host === '*' ? '' : ` ${host}`}\n`)
    .toSorted()
    .join('');
  const strict = certificates.some(({ host }) => host === '*') ? '' : ' strict-sni';
  const at = (port: number, how = ''): readonly string[] => [
    `bind *:${port}${how}`,
    ...(ipv6 ? [`bind :::${port} v6only${how}`] : []),
  ];
  const tls = list === '' ? '' : file('certificates.list', list);
  return [
    ...at(door.httpPort),
    ...(tls === '' ? [] : at(door.httpsPort, ` ssl crt-list ${quoted(tls)}${strict} alpn h2,http/1.1`)),
  ];
};

/** Who is believed when it says whom it speaks for. Others who try are refused: it is no request. */
const balancers = ({ door: { proxyFrom = [] }, file }: ProxyInput): readonly string[] => {
  if (proxyFrom.length === 0) return [];
  const list = file('balancers.list', proxyFrom.map((network) => `${network}\n`).join(''));
  return [`tcp-request connection expect-proxy layer4 if { src -f ${list} }`];
};

/** What asks a host for the proof that it is this cluster is answered here, by every node: no node has to be told of it before. */
const challenges = ({ door, file }: ProxyInput, hosts: readonly string[]): readonly string[] => {
  if (door.acmeThumbprint === undefined || hosts.length === 0) return [];
  const path = '/.well-known/acme-challenge/';
  const list = file('acme.list', hosts.map((host) => `${host}\n`).join(''));
  return [
    `http-request return status 200 content-type text/plain lf-string "%[path,field(4,/)].${door.acmeThumbprint}" if { path_beg ${path} } { path_reg ^${path.replaceAll('.', String.raw`\.`)}[A-Za-z0-9_-]+$ } { ${hostOfRequest} -m str -f ${list} }`,
  ];
};

const hostOfRequest = 'req.hdr(host),field(1,:),lower,rtrim(.)';

interface LookupMap {
  readonly hosts: string;
  readonly entries: string;
}

const linesOf = (texts: readonly string[]): string =>
  [...new Set(texts)]
    .toSorted()
    .map((text) => `${text}\n`)
    .join('');

interface Lookup {
  /** A sample that is the backend's name, where there is one. */
  readonly value: string;
  /** Where those after it are not needed. */
  readonly unless?: string;
  /** Where it counts; absent: where it is found. */
  readonly only?: string;
}

/**
 * Host itself, then `*.` in place of its first label, then any: the first that has a prefix of the path. Most requests
 * name a host as the routes do, which is then all of it that there is, and are looked up as they come. Those that could
 * be another's where their own host has nothing for them are looked up twice: that costs less than to keep it in a variable.
 */
const lookups = ({ file }: ProxyInput, map: (kind: (host: string) => boolean) => LookupMap): readonly Lookup[] => {
  const exact = map((host) => !host.startsWith('*'));
  const rule = (host: string, name: string, { entries }: LookupMap): readonly Lookup[] =>
    entries === '' ? [] : [{ value: `${host},concat(,txn.path,/),map_beg(${file(name, entries)})` }];
  const others = [
    ...rule(
      `${hostOfRequest},regsub('^[^.]+','*')`,
      'wild.map',
      map((name) => name.startsWith('*.')),
    ),
    ...rule(
      'str(*)',
      'any.map',
      map((name) => name === '*'),
    ),
  ];
  if (exact.entries === '') return others;
  const asItComes = `base,concat(/),map_beg(${file('exact.map', exact.entries)})`;
  const known = `{ req.fhdr(host,1) -m str -f ${file('hosts.list', exact.hosts)} }`;
  const elsewhere = others.length === 0 ? '' : ` or !{ ${asItComes} -m found }`;
  return [
    { value: asItComes, unless: ` if ${odd} or !${known}${elsewhere}`, only: ` !${again}` },
    ...rule(hostOfRequest, 'exact.map', exact),
    ...others,
  ];
};

/** What a client says of itself does not count. One walk over the headers takes it away, so what is said is only added. */
const forwarded = ({ door, certificates }: ProxyInput): readonly string[] => {
  const scheme = (name: string, port: number, when: string): readonly string[] => [
    `http-request add-header X-Forwarded-Proto ${name}${when}`,
    `http-request add-header X-Forwarded-Port ${port}${when}`,
  ];
  return [
    'http-request del-header Forwarded',
    'http-request del-header X-Forwarded- -m beg',
    'option forwardfor',
    'http-request add-header X-Forwarded-Host %[req.hdr(host)]',
    ...scheme('http', door.httpPort, certificates.length === 0 ? '' : ' if !{ ssl_fc }'),
    ...(certificates.length === 0 ? [] : scheme('https', door.httpsPort, ' if { ssl_fc }')),
  ];
};

const backendSection = (
  { name, route, slots }: Backend,
  door: AssignedDoor,
  slotLine: (slot: Slot) => string,
): string => {
  const { sticky, proxyProtocol } = route.options;
  const send = proxyProtocol === undefined ? '' : proxyProtocol === 'v1' ? ' send-proxy' : ' send-proxy-v2';
  return section(`backend ${name}`, [
    ...backendRules(route, door.httpsPort),
    ...(slots.length === 0 ? [] : ['balance roundrobin']),
    ...(sticky === true && slots.length > 0
      ? [`dynamic-cookie-key ${quoted(door.cookieKey)}`, 'cookie TUTTI insert indirect nocache httponly dynamic']
      : []),
    ...slots.map((slot) => `server ${slotLine(slot)}${send}`),
  ]);
};
