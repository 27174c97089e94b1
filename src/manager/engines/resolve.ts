import { TuttiError } from '../../model/errors.ts';
import type { KnownContainer } from '../manager.ts';

/** Where references are looked up. */
export interface Known {
  readonly named: (name: string) => readonly KnownContainer[];
  /** Those whose id begins so. */
  readonly beginning: (prefix: string) => readonly KnownContainer[];
}

const fullId = /^[0-9a-f]{64}$/;

/** `node/name` in its parts; a plain name, with Docker's slash before it or without, has no node. */
export const splitReference = (reference: string): { readonly node?: string; readonly name: string } => {
  const plain = reference.replace(/^\//, '');
  const mark = plain.indexOf('/');
  return mark < 0 ? { name: plain } : { node: plain.slice(0, mark), name: plain.slice(mark + 1) };
};

/**
 * The container that a reference means, in the order that an engine looks: the id, the name, an id's beginning. Of several
 * that are called so, the one on a node that is there. Undefined: none is known. Throws `invalid-argument` for more.
 */
export const resolve = (reference: string, known: Known): KnownContainer | undefined => {
  const { node, name } = splitReference(reference);
  if (name === '') return undefined;
  const onNode = (container: KnownContainer): boolean =>
    node === undefined || container.nodeName === node || container.nodeId === node;
  if (fullId.test(name)) {
    const [same] = known.beginning(name).filter(onNode);
    if (same !== undefined) return same;
  }
  const named = known.named(name).filter(onNode);
  if (named.length > 0) return theOne(named, (all) => ambiguousName(name, all));
  if (!/^[0-9a-f]+$/.test(name)) return undefined;
  const beginning = known.beginning(name).filter(onNode);
  return beginning.length === 0 ? undefined : theOne(beginning, () => ambiguousId(name));
};

const theOne = (
  candidates: readonly KnownContainer[],
  fault: (candidates: readonly KnownContainer[]) => TuttiError,
): KnownContainer => {
  const reachable = candidates.filter((container) => container.reachable);
  const [first, ...others] = reachable.length > 0 ? reachable : candidates;
  if (first === undefined || others.length > 0) throw fault(candidates);
  return first;
};

const ambiguousName = (name: string, candidates: readonly KnownContainer[]): TuttiError => {
  const all = candidates.map(({ nodeName, id }) => `${nodeName}/${name} (${id.slice(0, 12)})`).toSorted();
  return new TuttiError(
    'invalid-argument',
    `several containers are called ${name}: ${all.join(', ')}: say NODE/${name} or the id`,
  );
};

/** In Docker's words. */
const ambiguousId = (prefix: string): TuttiError =>
  new TuttiError('invalid-argument', `Multiple IDs found with provided prefix: ${prefix}`);
