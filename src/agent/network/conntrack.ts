import type { Backends, VirtualService } from './balance.ts';
import type { Publication } from './publish.ts';
import { publicationKey } from './publish.ts';
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
  const ports = new Map(before.publications.map((one) => [publicationKey(one), one]));
  const kept = new Set(after.publications.map(publicationKey));
  const left = new Set(after.services.map(({ address }) => address));
  const used = lazily(() => usedIn(after));
  return distinct([
    ...after.services.flatMap((now) =>
      goneFrom(services.get(now.address), now, used, ['--orig-dst', now.address], 'any'),
    ),
    ...before.services.flatMap(({ address }) => (left.has(address) ? [] : [['-D', '--orig-dst', address]])),
    ...after.publications.flatMap((now) => portFlows(ports.get(publicationKey(now)), now, used)),
    ...before.publications.flatMap((old) => (kept.has(publicationKey(old)) ? [] : [['-D', ...translated, ...to(old)]])),
  ]);
}

/** The same of IPv6: `-f` says whose flows are looked through. */
export const inSixth = ([command = '', ...args]: readonly string[]): readonly string[] => [
  command,
  '-f',
  'ipv6',
  ...args,
];

/** All UDP flows to a virtual address. */
export const datagramsTo = (address: string): readonly string[] => ['-D', '-p', 'udp', '--orig-dst', address];

/** Tasks that any front still gives connections to, and those that any still has connections to. */
interface Used {
  readonly addresses: ReadonlySet<string>;
  readonly members: ReadonlySet<string>;
}

/** Most changes take nobody away. */
function lazily<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}

function usedIn({ publications, services }: Fronts): Used {
  const fronts = [...publications, ...services];
  return {
    addresses: new Set(fronts.flatMap(({ addresses }) => addresses)),
    members: new Set(fronts.flatMap(({ members }) => [...members])),
  };
}

/** Spares what merely goes to the same port of somebody else. */
const translated = ['-g'];

const to = ({ protocol, published, address }: Publication): string[] => [
  '-p',
  protocol,
  ...(address === undefined ? [] : ['--orig-dst', address]),
  '--orig-port-dst',
  String(published),
];

function portFlows(old: Publication | undefined, now: Publication, used: () => Used): (readonly string[])[] {
  const appeared = now.addresses.length > 0 && (old?.addresses.length ?? 0) === 0;
  if (now.protocol === 'udp' && appeared) return [['-D', ...to(now)]];
  return goneFrom(old, now, used, to(now), now.protocol);
}

/** `front` says what was asked for, `protocol` what is translated there. */
function goneFrom(
  old: Backends | undefined,
  now: Backends,
  used: () => Used,
  front: readonly string[],
  protocol: Publication['protocol'] | 'any',
): (readonly string[])[] {
  if (old === undefined || old === now) return [];
  const gone = [...old.members].filter((address) => !now.members.has(address));
  const left = old.addresses.filter((address) => now.members.has(address) && !now.addresses.includes(address));
  const datagrams = protocol === 'any' ? ['-p', 'udp', ...front] : front;
  return [
    // Each of these looks through all flows of the node: one for a task, however many fronts it was behind.
    ...gone.map((address) => ['-D', ...(used().members.has(address) ? front : translated), '--reply-src', address]),
    ...(protocol === 'any' || protocol === 'udp' ? left : []).map((address) => [
      '-D',
      ...(used().addresses.has(address) ? datagrams : ['-p', 'udp', ...translated]),
      '--reply-src',
      address,
    ]),
  ];
}

const distinct = (flows: readonly (readonly string[])[]): (readonly string[])[] => [
  ...new Map(flows.map((flow) => [flow.join(' '), flow])).values(),
];

/** What it shows of what it deletes is cut off at some 100,000 flows, and the deleting with it. */
const rounds = 16;

/** Deletes the flows, by one process. False: `conntrack` does not run here. */
export async function forgetFlows(
  exec: Exec,
  flows: readonly (readonly string[])[],
  signal?: AbortSignal,
): Promise<boolean> {
  const run = async (args: readonly string[], input?: string): Promise<number> => {
    const options = { timeoutMs: 10_000, ...(input !== undefined && { input }), ...(signal && { signal }) };
    for (let round = 1; ; round += 1) {
      const { code, stdout } = await exec('conntrack', args, options);
      signal?.throwIfAborted();
      if (code !== -1 || stdout === '' || round === rounds) return code;
    }
  };
  if (flows.length === 0) return true;
  if (flows.length > 1) {
    const code = await run(['-R', '-'], `${flows.map((flow) => flow.join(' ')).join('\n')}\n`);
    if (code !== unknownOption) return code !== -1;
  }
  // Ends with 1 where there were none: that is no fault.
  for (const args of flows) if ((await run(args)) === -1) return false;
  return true;
}

/** Of releases before 1.4.7, which read no commands from a file. */
const unknownOption = 2;
