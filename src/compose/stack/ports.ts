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
  const bound = address !== undefined && !['0.0.0.0', '::', ''].includes(address);
  if (bound && port.text('mode') !== 'host') {
    port.warn(
      'host_ip',
      `published on the nodes that run the service only, because it is bound to ${address} (as with mode: host)`,
    );
  }
  return compact<PublishedPort>({
    name: port.text('name'),
    protocol,
    target,
    published: published(port),
    mode: bound || port.text('mode') === 'host' ? 'host' : 'ingress',
    hostAddress: bound ? address : undefined,
  });
}

/** Compose takes any free port of a range; the cluster needs one that is known beforehand. */
function published(port: Section): number | undefined {
  const text = port.text('published');
  if (text === undefined || text === '0') return undefined;
  const range = /^(\d+)-(\d+)$/.exec(text);
  if (range === null) return port.integer('published', { min: 1, max: 65_535 });
  port.warn('published', `the first port of the range ${text} is taken`);
  return Number(range[1]);
}
