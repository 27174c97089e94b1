import type { Backends, VirtualService } from './balance.ts';
import type { Publication } from './publish.ts';
import type { Exec } from './ports.ts';

/** What flows are told apart by: the published ports and virtual addresses, as they were and as they are. */
export interface Fronts {
  readonly publications: readonly Publication[];
  readonly services: readonly VirtualService[];
}

/**
 * What the kernel has to forget after a change, as arguments of `conntrack`. A flow keeps its first translation for as long
 * as it goes on. UDP is moved away from a task as soon as that is not ready any more, and away from nowhere when there is a first task.
 * What has connections (TCP, SCTP) keeps them until the task is gone: then they end at once, with a reset from whoever
 * gets their next packet, instead of in silence.
 */
export function staleFlows(before: Fronts, after: Fronts): (readonly string[])[] {
  const services = new Map(before.services.map((one) => [one.address, one]));
  const ports = new Map(before.publications.map((one) => [portKey(one), one]));
  const kept = new Set(after.publications.map(portKey));
  const left = new Set(after.services.map(({ address }) => address));
  return [
    ...after.services.flatMap((now) => goneFrom(services.get(now.address), now, ['--orig-dst', now.address], 'any')),
    ...before.services.flatMap(({ address }) => (left.has(address) ? [] : [['-D', '--orig-dst', address]])),
    ...after.publications.flatMap((now) => portFlows(ports.get(portKey(now)), now)),
    ...before.publications.flatMap((old) => (kept.has(portKey(old)) ? [] : [['-D', ...portOf(old)]])),
  ];
}

/** All UDP flows to a virtual address. */
export const datagramsTo = (address: string): readonly string[] => ['-D', '-p', 'udp', '--orig-dst', address];

const portKey = ({ protocol, published }: Publication): string => `${protocol}/${published}`;

const portOf = ({ protocol, published }: Publication): string[] => [
  '-p',
  protocol,
  '--orig-port-dst',
  String(published),
];

function portFlows(old: Publication | undefined, now: Publication): (readonly string[])[] {
  const appeared = now.addresses.length > 0 && (old?.addresses.length ?? 0) === 0;
  if (now.protocol === 'udp' && appeared) return [['-D', ...portOf(now)]];
  return goneFrom(old, now, portOf(now), now.protocol);
}

/** `front` says what was asked for, `protocol` what is translated there. */
function goneFrom(
  old: Backends | undefined,
  now: Backends,
  front: readonly string[],
  protocol: Publication['protocol'] | 'any',
): (readonly string[])[] {
  if (old === undefined || old === now) return [];
  const gone = [...old.members].filter((address) => !now.members.has(address));
  const left = old.addresses.filter((address) => now.members.has(address) && !now.addresses.includes(address));
  const datagrams = protocol === 'any' ? ['-p', 'udp', ...front] : protocol === 'udp' ? front : undefined;
  return [
    ...gone.map((address) => ['-D', ...front, '--reply-src', address]),
    ...(datagrams === undefined ? [] : left.map((address) => ['-D', ...datagrams, '--reply-src', address])),
  ];
}

/** Deletes the flows. `conntrack` ends with 1 where there were none: that is no fault. False: it does not run here. */
export async function forgetFlows(
  exec: Exec,
  flows: readonly (readonly string[])[],
  signal?: AbortSignal,
): Promise<boolean> {
  for (const args of flows) {
    const { code } = await exec('conntrack', args, { timeoutMs: 10_000, ...(signal && { signal }) });
    if (code === -1) return false;
  }
  return true;
}
