/** One container of an engine's list: what the cluster's list has to know, and the rest as the engine wrote it. */
export interface ListedText {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly created: number;
  readonly text: string;
}

/** Quotes in a string are escaped, so this begins nothing but an element. */
const beginning = /\{"Id":"[0-9a-f]{64}","Names":\[/g;
const head = /^\{"Id":"([0-9a-f]{64})","Names":\[((?:"(?:[^"\\]|\\.)*",?)*)\]/;
const made = /,"Created":(\d+),"Ports":/;

/**
 * The elements of a list of containers as engines write it, found by how they begin: parsing and writing a thousand of them
 * takes longer than an engine takes to list them. Undefined where it is not written so.
 */
export const splitList = (text: string): readonly ListedText[] | undefined => {
  const trimmed = text.trimEnd();
  if (trimmed === '[]') return [];
  const starts = [...trimmed.matchAll(beginning)].map(({ index }) => index);
  if (starts[0] !== 1 || !trimmed.startsWith('[') || !trimmed.endsWith('}]')) return undefined;
  const elements: ListedText[] = [];
  for (const [at, start] of starts.entries()) {
    // Between two of them is a comma, behind the last one the list's end.
    const element = trimmed.slice(start, (starts[at + 1] ?? trimmed.length) - 1);
    const id = head.exec(element)?.[1];
    const created = made.exec(element)?.[1];
    if (id === undefined || created === undefined || !element.endsWith('}')) return undefined;
    elements.push({ id, created: Number(created), text: element });
  }
  return elements;
};

/** The element with a second name, `/node/name`, for each of its own, and its node. */
export const placedText = (
  element: string,
  node: { readonly id: string; readonly name: string },
): string | undefined => {
  const found = head.exec(element);
  if (found === null) return undefined;
  const [whole, id = '', names = ''] = found;
  const all = JSON.parse(`[${names}]`) as readonly string[];
  const placed = JSON.stringify([...all, ...secondNames(all, node.name)]);
  const where = JSON.stringify({ ID: node.id, Name: node.name });
  return `{"Id":"${id}","Names":${placed},"Node":${where}${element.slice(whole.length)}`;
};

/** With old links a container has names of the form `/other/alias` too. */
export const secondNames = (names: readonly string[], node: string): readonly string[] =>
  names.filter((name) => name.lastIndexOf('/') === 0).map((name) => `/${node}${name}`);
