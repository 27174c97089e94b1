import { TuttiError } from '../../model/errors.ts';
import type { DoorLogView, DoorView, RouteView } from '../../model/native.ts';
import { readRouteLabels, routeLabel } from '../../model/route-labels.ts';
import type { RouteSpec, RouteTarget } from '../../model/route.ts';
import { table } from '../output/table.ts';
import type { Session } from '../session.ts';

/** What the command line says beside host, path and services; each as the label of that name has it. */
export interface RouteFlags {
  readonly texts: Readonly<Record<string, string>>;
  /** `NAME=VALUE` */
  readonly headers: readonly string[];
  readonly redirect?: string;
  readonly drop: boolean;
}

const invalid = (message: string): TuttiError => new TuttiError('invalid-argument', message);

/** `web:80`, `web:80=90` */
const targetOf = (text: string): RouteTarget => {
  const [, service, port, weight] = /^([^:=]+):(\d{1,5})(?:=(\d{1,3}))?$/.exec(text) ?? [];
  if (service === undefined) throw invalid(`"${text}" is no service with a port, such as web:80 or web:80=90`);
  return { service, port: Number(port), ...(weight === undefined ? {} : { weight: Number(weight) }) };
};

const actionOf = (targets: readonly RouteTarget[], { redirect, drop }: RouteFlags): RouteSpec['action'] => {
  const said = Number(targets.length > 0) + Number(redirect !== undefined) + Number(drop);
  if (said !== 1) throw invalid('a route leads to services, or has --redirect, or --drop: one of them');
  if (redirect !== undefined) return { kind: 'redirect', to: redirect };
  return drop ? { kind: 'drop' } : { kind: 'services', targets };
};

/** `shop.example/api` with what the flags say. Throws `invalid-argument` with everything that is wrong. */
export const routeOf = (place: string, services: readonly string[], flags: RouteFlags): RouteSpec => {
  const slash = place.indexOf('/');
  const [host, path] = slash === -1 ? [place, '/'] : [place.slice(0, slash), place.slice(slash)];
  const headers = flags.headers.map((text) => {
    const [, name, value] = /^([^=]+)=(.*)$/.exec(text) ?? [];
    if (name === undefined) throw invalid(`--header ${text}: NAME=VALUE is needed`);
    return [`header.${name}`, value ?? ''] as const;
  });
  const labels = Object.entries({ host, path, port: '1', ...flags.texts, ...Object.fromEntries(headers) });
  const named = Object.fromEntries(labels.map(([name, text]) => [`${routeLabel}${name}`, text]));
  // Where it leads is said by the arguments.
  const { routes, problems } = readRouteLabels('-', named);
  const [route] = routes;
  if (route === undefined || problems.length > 0)
    throw invalid(problems.map((text) => text.replace(/^label tutti\.route\./, '')).join('; '));
  return { ...route, action: actionOf(services.map(targetOf), flags) };
};

export const addRoute = async (session: Session, spec: RouteSpec): Promise<void> => {
  const added = await session.client.addRoute(spec, session.signal);
  if (session.json) return session.printJson(added);
  session.print(`added route ${added.name}\n`);
};

export const removeRoute = async (session: Session, name: string): Promise<void> => {
  await session.client.removeRoute(withPath(name), session.signal);
  if (session.json) return session.printJson({ removed: withPath(name) });
  session.print(`removed route ${withPath(name)}\n`);
};

/** `shop.example` is `shop.example/`. */
const withPath = (name: string): string => (name.includes('/') ? name : `${name}/`);

export const listRoutes = async (session: Session): Promise<void> => {
  const { client, signal } = session;
  const routes = await client.routes(signal);
  if (session.json) return session.printJson(routes);
  const sorted = routes.toSorted((left, right) => left.name.localeCompare(right.name));
  session.print(table(['ROUTE', 'LEADS TO', 'READY', 'OPTIONS', 'ASKED FOR BY'], sorted.map(row)));
  for (const { name, problems } of sorted) {
    for (const problem of problems) session.print(`${session.paint('yellow', name)}: ${problem}\n`);
  }
  if (routes.length > 0) printNodes(session, await client.door(signal));
};

/** Requests that the nodes' front doors answered. A node that cannot be asked is said beside them. */
export const routeLogs = async (
  session: Session,
  route: string | undefined,
  flags: { readonly follow: boolean; readonly tail?: number },
): Promise<void> => {
  const query = { ...flags, ...(route !== undefined && { route: withPath(route) }) };
  for await (const entry of session.client.doorLog(query, session.signal)) {
    if ('problem' in entry) session.note(`${session.paint('yellow', entry.node)}: ${entry.problem}`);
    if (session.json) session.printJson(entry);
    else if (!('problem' in entry)) session.print(entryText(session, entry));
  }
};

const entryText = ({ paint }: Session, entry: Extract<DoorLogView, { readonly time: number }>): string => {
  const { time, node, client, method, host, uri, status, ms, task = '-' } = entry;
  const colour = status < 0 || status >= 500 ? 'red' : status >= 400 ? 'yellow' : 'green';
  const words = [new Date(time).toISOString(), node, client, paint(colour, String(status)), `${ms}ms`, task];
  return `${words.join(' ')} ${printable(`${method} ${host}${uri}`)}\n`;
};

/** What clients wrote is shown, and not done, by a terminal. */
const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?');

export const doorMetrics = async ({ client, signal, print }: Session): Promise<void> => {
  print(await client.doorMetrics(signal));
};

const printNodes = (session: Session, { problems }: DoorView): void => {
  for (const { node, problem } of problems) session.print(`${session.paint('yellow', node)}: ${problem}\n`);
};

const row = ({ name, spec, owners, targets }: RouteView): readonly string[] => [
  name,
  leadsTo(spec, targets),
  spec.action.kind === 'services' ? targets.map(({ ready }) => ready).join(', ') : '',
  optionTexts(spec.options ?? {}).join(', '),
  owners.join(', '),
];

const leadsTo = ({ action }: RouteSpec, targets: RouteView['targets']): string => {
  switch (action.kind) {
    case 'drop':
      return 'nothing';
    case 'redirect':
      return action.to;
    case 'services':
      return targets
        .map(({ service, port, weight }) => `${service}:${port}${weight === undefined ? '' : `=${weight}`}`)
        .join(', ');
  }
};

const optionTexts = (options: NonNullable<RouteSpec['options']>): readonly string[] => {
  const { rate, timeoutMs, bodyBytes, proxyProtocol, tls, http } = options;
  const switches = ['sticky', 'compress', 'retry', 'strip', 'maintenance'] as const;
  return [
    ...switches.filter((name) => options[name] === true),
    ...(rate === undefined ? [] : [`rate ${rate.requests}/${rate.periodMs / 1000}s`]),
    ...(timeoutMs === undefined ? [] : [`timeout ${timeoutMs / 1000}s`]),
    ...(bodyBytes === undefined ? [] : [`body ${bodyBytes}`]),
    ...(proxyProtocol === undefined ? [] : [`proxy-protocol ${proxyProtocol}`]),
    ...(tls === undefined ? [] : [`tls ${tls}`]),
    ...(http === undefined ? [] : [`http ${http}`]),
  ];
};

export interface DoorFlags {
  readonly httpPort?: number;
  readonly httpsPort?: number;
  readonly constraint?: readonly string[];
  readonly everywhere?: boolean;
  /** `on`, `off` */
  readonly accessLog?: string;
  /** `none`: no one. */
  readonly proxyFrom?: readonly string[];
  readonly on?: boolean;
  readonly off?: boolean;
}

export interface AcmeFlags {
  readonly directory?: string;
  readonly email?: string;
  /** A file with PEM. */
  readonly authority?: string;
  readonly off?: boolean;
}

/** Shows where the front door is, after setting what was given. */
export const door = async (session: Session, flags: DoorFlags): Promise<void> => {
  const { client, signal } = session;
  const { httpPort, httpsPort, constraint, everywhere, proxyFrom = [], accessLog, on, off } = flags;
  if (accessLog !== undefined && accessLog !== 'on' && accessLog !== 'off')
    throw invalid(`--access-log ${accessLog}: on or off`);
  const change = {
    ...(accessLog !== undefined && { accessLog: accessLog === 'on' }),
    ...(httpPort !== undefined && { httpPort }),
    ...(httpsPort !== undefined && { httpsPort }),
    ...(constraint !== undefined && constraint.length > 0 && { constraints: [...constraint] }),
    ...(everywhere === true && { constraints: [] }),
    ...(proxyFrom.length > 0 && { proxyFrom: proxyFrom.filter((word) => word !== 'none') }),
    ...(on === true && { enabled: true }),
    ...(off === true && { enabled: false }),
  };
  const view = Object.keys(change).length === 0 ? await client.door(signal) : await client.changeDoor(change, signal);
  if (session.json) return session.printJson(view);
  session.print(doorText(view));
  printNodes(session, view);
};

const doorText = (view: DoorView): string => {
  const { httpPort, httpsPort, proxyFrom, accessLog, acme } = view;
  const from = acme && `${acme.directory}${acme.email === undefined ? '' : ` (${acme.email})`}`;
  const lines = [
    `nodes: ${nodesText(view)}`,
    `ports: ${httpPort} (HTTP), ${httpsPort} (TLS)`,
    ...(proxyFrom.length === 0 ? [] : [`balancers in front: ${proxyFrom.join(', ')}`]),
    ...(accessLog ? ['requests are logged'] : []),
    ...(from ? [`certificates: ${from}`] : []),
  ];
  return `${lines.join('\n')}\n`;
};

/** Sets where certificates of routes with `tls: acme` come from. */
export const acme = async (session: Session, flags: AcmeFlags): Promise<void> => {
  const { client, signal } = session;
  const { directory, email, off = false } = flags;
  if (off === (directory !== undefined)) throw invalid('either --directory URL or --off is needed');
  const authority = flags.authority === undefined ? undefined : await textOfFile(session, flags.authority);
  const wanted = directory !== undefined && {
    directory,
    ...(email !== undefined && { email }),
    ...(authority !== undefined && { authority }),
  };
  const view = await client.changeDoor({ acme: wanted || null }, signal);
  if (session.json) return session.printJson(view);
  session.print(doorText(view));
};

const textOfFile = async ({ context, signal }: Session, path: string): Promise<string> => {
  const bytes = await context.readFile(path, signal);
  if (bytes === undefined) throw invalid(`there is no file ${path}`);
  return new TextDecoder().decode(bytes);
};

const nodesText = ({ enabled, constraints }: DoorView): string => {
  if (!enabled) return 'none';
  return constraints.length === 0 ? 'all' : `those with ${constraints.join(', ')}`;
};
