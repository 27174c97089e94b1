import type { Manager, NodeRecord } from '../../../manager/manager.ts';
import { compareApi } from '../../../model/api-version.ts';
import { nodeName } from '../../../model/node.ts';
import { anyOf, labelled } from '../filters.ts';
import type { Summary } from './last-seen.ts';
import type { ListQuery } from './list-query.ts';
import type { ListedText } from './list-text.ts';
import { withBuiltInIds } from './networks.ts';
import { presentedContainer } from './present.ts';

/** Filters that a summary alone can be held to, exactly as engines do. */
const plain = new Set(['node', 'label', 'status']);

/** States that an engine takes for running. */
const running = new Set(['running', 'paused', 'restarting']);

/** A list of the node's containers without its engine writing it: see `Inventory.current`. */
export type ListCurrent = (
  query: ListQuery,
  record: NodeRecord,
  version: string | undefined,
  signal: AbortSignal,
) => Promise<readonly (ListedText & { readonly made: number })[] | undefined>;

/** A summary as the cluster shows it, without what its status says now. */
interface Around {
  readonly madeOf: readonly unknown[];
  readonly before: string;
  readonly after: string;
}

/** No text of JSON has it but as a string's content, where its quotes are escaped. */
const mark = '\0';
const markText = `"Status":${JSON.stringify(mark)}`;

/** Undefined where the engine has to answer. Texts are kept for as long as the inventory has their summaries. */
export const createListCurrent = (manager: Manager): ListCurrent => {
  const texts = new WeakMap<Summary, Around>();
  const aroundOf = (summary: Summary, { node }: NodeRecord): Around => {
    const { containers, queries } = manager;
    const madeOf = [nodeName(node), containers.row(summary.Id ?? ''), queries.generation('network')];
    const known = texts.get(summary);
    if (known?.madeOf.every((part, at) => part === madeOf[at]) === true) return known;
    const presented = { ...presentedContainer(manager, summary, node), Status: mark };
    const text = withBuiltInIds(manager, JSON.stringify(presented));
    const at = text.indexOf(markText);
    const made = { madeOf, before: text.slice(0, at), after: text.slice(at + markText.length) };
    texts.set(summary, made);
    return made;
  };
  return async (query, record, version, signal) => {
    if (query.size || [...query.filters.keys()].some((name) => !plain.has(name))) return undefined;
    const found = await manager.inventory.current(record.node.id, signal);
    if (found === undefined) return undefined;
    const fitting = fittingTo(version);
    const listed: (ListedText & { readonly made: number })[] = [];
    for (const { id, summary, status, createdNanos } of found) {
      if (!passes(summary, query)) continue;
      const { before, after } = aroundOf(fitting(summary), record);
      const { Created: created = 0 } = summary;
      const text = `${before}"Status":${quoted(status)}${after}`;
      listed.push({ id, created, made: createdNanos ?? created * 1e9, text });
    }
    return listed;
  };
};

/** As `JSON.stringify`, which takes longer for what needs nothing of it. */
const quoted = (text: string): string => (/^[\w ().:-]*$/.test(text) ? `"${text}"` : JSON.stringify(text));

const passes = (summary: Summary, { all, limit, filters }: ListQuery): boolean =>
  (all || limit !== undefined || filters.has('status') || running.has(summary.State ?? '')) &&
  labelled(filters, 'label', summary.Labels) &&
  anyOf(filters, 'status', (wanted) => wanted === summary.State);

const asItIs = (summary: Summary): Summary => summary;

/** A summary without what clients of that version are not told. */
const fittingTo = (version: string | undefined): ((summary: Summary) => Summary) => {
  if (version === undefined || compareApi(version, '1.48') >= 0) return asItIs;
  const noNotes = compareApi(version, '1.46') < 0;
  return (summary) => {
    const hasNotes = noNotes && summary.HostConfig?.Annotations !== undefined;
    if (summary.ImageManifestDescriptor === undefined && !hasNotes) return summary;
    const { ImageManifestDescriptor: _image, ...others } = summary;
    const { Annotations: _notes, ...host } = summary.HostConfig ?? {};
    return hasNotes ? { ...others, HostConfig: host } : others;
  };
};
