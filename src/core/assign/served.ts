import type { ServedPort } from '../../model/assignment.ts';
import type { ServiceSpec } from '../../model/service.ts';
import type { SingleContainer } from '../../model/single-container.ts';

/** A service or container that lists more has no look-ups of the others: an assignment stays small. */
const most = 64;

/** What a service says that its tasks answer on: the ports that it publishes, with their names, and those that it exposes. */
export const servedBy = (spec: Pick<ServiceSpec, 'endpoint' | 'task'>): readonly ServedPort[] =>
  distinct([
    ...(spec.endpoint?.ports ?? []).map(({ protocol, target, name }) => served(protocol, target, name)),
    ...spec.task.containers.flatMap(({ expose = [] }) => expose.map(({ protocol, port }) => served(protocol, port))),
  ]);

/** `--expose` and `-p` of a single container. */
export const servedByContainer = ({ request }: SingleContainer['spec']): { readonly ports?: ServedPort[] } =>
  some(distinct([...keysOf(request['ExposedPorts']), ...keysOf(within(request['HostConfig']))].flatMap(readPort)));

/** As a field: absent where there is none. */
export const some = (ports: readonly ServedPort[]): { readonly ports?: ServedPort[] } =>
  ports.length === 0 ? {} : { ports: [...ports] };

const served = (protocol: ServedPort['protocol'], port: number, name?: string): ServedPort => ({
  protocol,
  port,
  ...(name !== undefined && name !== '' && { name }),
});

/** One for each name, and one without a name for each port that has none. */
const distinct = (ports: readonly ServedPort[]): readonly ServedPort[] => {
  const named = new Set(
    ports.flatMap(({ protocol, port, name }) => (name === undefined ? [] : [`${port}/${protocol}`])),
  );
  const found = new Map<string, ServedPort>();
  for (const each of ports) {
    const number = `${each.port}/${each.protocol}`;
    if (each.name !== undefined || !named.has(number)) found.set(`${number}/${each.name ?? ''}`, each);
  }
  return [...found.values()].slice(0, most);
};

const keysOf = (value: unknown): readonly string[] =>
  typeof value === 'object' && value !== null ? Object.keys(value) : [];

const within = (host: unknown): unknown =>
  typeof host === 'object' && host !== null && 'PortBindings' in host ? host.PortBindings : undefined;

/** `80/tcp`, or `80`; ranges, which old clients send, are left out. */
const readPort = (text: string): readonly ServedPort[] => {
  const [, number = '', protocol = 'tcp'] = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(text) ?? [];
  const port = Number(number);
  return port > 0 && port <= 65_535 ? [served(protocol as ServedPort['protocol'], port)] : [];
};
