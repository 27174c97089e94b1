import * as z from 'zod';
import type { Labels } from './object.ts';
import type { PublishedPort } from './service.ts';

/** Begins the labels that say how a port which a service publishes on every node is served: `tutti.port.8080.tasks=local`. */
const portLabel = 'tutti.port.';
const pattern = /^(\d{1,5})(?:\/([a-z]+))?\.([a-z]+)$/;

/** What labels say of a port; the words are those of `x-tutti` of a port in a Compose file. */
export const portFields = ['tasks', 'unserved', 'address'] as const;

/** Words for `tasks` and for `unserved`; the first is as if nothing were said. */
export const taskWords = ['any', 'local', 'near'] as const;
export const unservedWords = ['refuse', 'drop'] as const;

export interface PortSetting {
  readonly published: number;
  /** Absent: whichever it has. */
  readonly protocol?: string;
  readonly tasks?: PublishedPort['tasks'];
  readonly unserved?: PublishedPort['unserved'];
  readonly addresses?: readonly string[];
}

export interface PortSettings {
  readonly settings: readonly PortSetting[];
  /** What is wrong, each with its label. */
  readonly problems: readonly string[];
}

/** What a service's labels say of its ports: `tutti.port.NUMBER.FIELD`, `tutti.port.NUMBER/PROTOCOL.FIELD`. */
export const readPortLabels = (labels: Labels = {}): PortSettings => {
  const settings: PortSetting[] = [];
  const problems: string[] = [];
  for (const [label, text] of Object.entries(labels)) {
    if (!label.startsWith(portLabel)) continue;
    const [, number, protocol, field = ''] = pattern.exec(label.slice(portLabel.length)) ?? [];
    const read = fieldOf(field, text.trim());
    if (number === undefined || read === undefined) {
      problems.push(`label ${label}: write ${portLabel}8080.FIELD, or 8080/udp; a FIELD is ${portFields.join(', ')}`);
    } else if (typeof read === 'string') problems.push(`label ${label}: ${read}, not "${text}"`);
    else settings.push({ published: Number(number), ...(protocol !== undefined && { protocol }), ...read });
  }
  return { settings, problems };
};

type Field = Pick<PortSetting, 'tasks' | 'unserved' | 'addresses'>;

/** A text says what it has to be; undefined: there is no such field. */
const fieldOf = (field: string, text: string): Field | string | undefined => {
  switch (field) {
    case 'tasks':
      return text === 'any'
        ? {}
        : text === 'local' || text === 'near'
          ? { tasks: text }
          : `must be ${either(taskWords)}`;
    case 'unserved':
      return text === 'refuse' ? {} : text === 'drop' ? { unserved: text } : `must be ${either(unservedWords)}`;
    case 'address': {
      const addresses = text.split(',').map((address) => address.trim());
      return addresses.every(isNodeAddress) ? { addresses } : 'must be addresses of nodes, with commas between them';
    }
    default:
      return undefined;
  }
};

const either = (words: readonly string[]): string => words.join(' or ');

const address = z.union([z.ipv4(), z.ipv6()]);

/** Whether it can be an address of a machine; `0.0.0.0` and `::` are all of one family. */
export const isNodeAddress = (text: string): boolean => address.safeParse(text).success;

/** The ports as the labels have them served: one for each address. Those of mode host are their nodes' alone. */
export const withPortLabels = (
  ports: readonly PublishedPort[],
  labels: Labels | undefined,
): readonly PublishedPort[] => {
  const { settings } = readPortLabels(labels);
  if (settings.length === 0) return ports;
  return ports.flatMap((port) => {
    const { addresses, ...said } = settings
      .filter((setting) => isFor(setting, port))
      .reduce<Field>((all, { published: _number, protocol: _protocol, ...more }) => ({ ...all, ...more }), {});
    return (addresses ?? [port.hostAddress]).map((hostAddress) => ({
      ...port,
      ...said,
      ...(hostAddress !== undefined && { hostAddress }),
    }));
  });
};

/** Labels of ports that the service does not publish on every node. */
export const idlePortLabels = (ports: readonly PublishedPort[], labels: Labels | undefined): readonly number[] =>
  readPortLabels(labels).settings.flatMap((setting) =>
    ports.some((port) => isFor(setting, port)) ? [] : [setting.published],
  );

const isFor = (setting: PortSetting, { published, protocol, mode }: PublishedPort): boolean =>
  mode === 'ingress' && setting.published === published && (setting.protocol ?? protocol) === protocol;
