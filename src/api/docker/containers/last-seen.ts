import type { Definitions } from '../../../platform/engine/types.generated.ts';
import type { Filters } from '../filters.ts';
import { anyOf, labelled, prefixOf } from '../filters.ts';
import type { ListQuery } from './list-query.ts';

export type Summary = Definitions['ContainerSummary'];

/**
 * The containers of a node that gives no answer, as they were last seen, as far as the query wants them. `status` stands
 * where the engine would say for how long they run.
 */
export const lastSeen = (
  summaries: readonly Summary[],
  { all, limit, filters }: ListQuery,
  status: string,
): readonly Summary[] => {
  const everything = all || limit !== undefined || filters.has('status') || filters.has('exited');
  return summaries
    .filter((summary) => (everything || summary.State === 'running') && passes(summary, filters))
    .map((summary) => ({ ...summary, Status: status }));
};

/** By what a summary shows: what it does not show lets nothing through. */
const passes = (summary: Summary, filters: Filters): boolean =>
  prefixOf(filters, 'id', summary.Id ?? '') &&
  anyOf(filters, 'name', (wanted) => summary.Names?.some((name) => isNamed(name, wanted)) === true) &&
  labelled(filters, 'label', summary.Labels) &&
  anyOf(filters, 'status', (wanted) => wanted === summary.State) &&
  anyOf(filters, 'health', (wanted) => healthOf(summary) === wanted) &&
  anyOf(filters, 'exited', (wanted) => summary.Status?.startsWith(`Exited (${wanted})`) === true) &&
  anyOf(filters, 'ancestor', (wanted) => isImage(summary, wanted)) &&
  anyOf(filters, 'is-task', (wanted) => isTask(summary) === ['true', '1'].includes(wanted)) &&
  anyOf(filters, 'network', (wanted) => isOn(summary, wanted)) &&
  anyOf(filters, 'volume', (wanted) => mounts(summary, wanted)) &&
  anyOf(filters, 'publish', (wanted) => hasPort(summary, wanted, 'PublicPort')) &&
  anyOf(filters, 'expose', (wanted) => hasPort(summary, wanted, 'PrivatePort')) &&
  anyOf(filters, 'isolation', () => false);

/** Docker takes it as a pattern; of what is not there any more the plain text does. */
const isNamed = (name: string, wanted: string): boolean => {
  const plain = wanted.replace(/^\^/, '').replace(/\$$/, '');
  const text = plain.startsWith('/') ? name : name.slice(1);
  const begins = wanted.startsWith('^');
  const ends = wanted.endsWith('$');
  if (begins && ends) return text === plain;
  return begins ? text.startsWith(plain) : ends ? text.endsWith(plain) : text.includes(plain);
};

const healthOf = ({ Status = '' }: Summary): string =>
  /\((?:health: )?(starting|healthy|unhealthy)\)$/.exec(Status)?.[1] ?? 'none';

const isImage = ({ Image = '', ImageID = '' }: Summary, wanted: string): boolean =>
  Image === wanted ||
  Image === `${wanted}:latest` ||
  ImageID === wanted ||
  ImageID.replace('sha256:', '').startsWith(wanted);

const isTask = ({ Labels = {} }: Summary): boolean => Object.hasOwn(Labels, 'com.docker.swarm.task.id');

const isOn = ({ NetworkSettings }: Summary, wanted: string): boolean =>
  Object.entries(NetworkSettings?.Networks ?? {}).some(
    ([name, endpoint]) => name === wanted || endpoint.NetworkID === wanted,
  );

const mounts = ({ Mounts = [] }: Summary, wanted: string): boolean =>
  Mounts.some(({ Name, Source, Destination }) => [Name, Source, Destination].includes(wanted));

const hasPort = ({ Ports = [] }: Summary, wanted: string, which: 'PublicPort' | 'PrivatePort'): boolean => {
  const [range = '', protocol = 'tcp'] = wanted.split('/');
  const [first = Number.NaN, last = first] = range.split('-').map(Number);
  return Ports.some((port) => {
    const number = port[which];
    return number !== undefined && number >= first && number <= last && port.Type === protocol;
  });
};
