import { taskWords, unservedWords } from '../../model/port-labels.ts';
import type { PublishedPort } from '../../model/service.ts';
import { engineNetwork } from './networks.ts';
import type { Section } from './section.ts';
import { compact, orNone } from './section.ts';

export function ports(service: Section): readonly PublishedPort[] | undefined {
  const engine = engineNetwork(service);
  if ((engine === 'host' || engine === 'none') && service.has('ports')) {
    service.warn('ports', `ignored, because the service is on the network "${engine}" of the engine`);
    return undefined;
  }
  const found = service.sections('ports').flatMap((port) => publishedPort(port) ?? []);
  return orNone(found.sort((a, b) => (a.published ?? 0) - (b.published ?? 0)));
}

function publishedPort(port: Section): PublishedPort | undefined {
  const target = port.integer('target', { min: 1, max: 65_535 });
  const protocol = port.oneOf('protocol', ['tcp', 'udp', 'sctp']) ?? 'tcp';
  if (target === undefined) return undefined;
  const address = port.text('host_ip');
  const mode = port.text('mode') === 'host' ? 'host' : 'ingress';
  return compact<PublishedPort>({
    name: port.text('name'),
    protocol,
    target,
    ...published(port),
    mode,
    hostAddress: address === '' ? undefined : address,
    ...served(port, mode),
  });
}

/** Compose takes any free port of a range, and so does the cluster. */
function published(port: Section): Pick<PublishedPort, 'published' | 'range'> {
  const text = port.text('published');
  if (text === undefined || text === '0') return {};
  const [, first, last] = /^(\d+)-(\d+)$/.exec(text) ?? [];
  if (first !== undefined) return { range: { first: Math.max(1, Number(first)), last: Number(last) } };
  return compact({ published: port.integer('published', { min: 1, max: 65_535 }) });
}

/** `x-tutti` of a port: how the nodes serve it. */
function served(port: Section, mode: PublishedPort['mode']): Pick<PublishedPort, 'tasks' | 'unserved'> {
  const extension = port.section('x-tutti');
  for (const key of extension.keys()) {
    if (key !== 'tasks' && key !== 'unserved') extension.fail(key, 'unknown key; allowed are tasks, unserved');
    else if (mode === 'host') extension.fail(key, "is for ports of mode ingress; one of mode host is its own task's");
  }
  const tasks = extension.oneOf('tasks', taskWords);
  const unserved = extension.oneOf('unserved', unservedWords);
  return compact({
    tasks: tasks === 'any' ? undefined : tasks,
    unserved: unserved === 'refuse' ? undefined : unserved,
  });
}
