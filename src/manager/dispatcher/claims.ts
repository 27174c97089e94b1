import { holderOf } from '../../core/claim/holder.ts';
import type { Claimant } from '../../core/claim/holder.ts';
import { TuttiError } from '../../model/errors.ts';
import type { NodeId } from '../../model/ids.ts';
import { claims } from '../../model/node.ts';
import type { Claim, Node, NodeDescription, Refused } from '../../model/node.ts';
import type { Clock, Log, Timer } from '../../platform/ports.ts';
import type { Change, Store, Transaction, View } from '../../store/store.ts';

/**
 * Stores what a node says of itself. What there is one of in the cluster is its own in the same commit, or refused: nobody is told in
 * between that it is.
 */
export const claimAgain = (transaction: Transaction, node: Node, description: NodeDescription): void => {
  const before = node.description;
  let { refused } = node;
  for (const claim of claims) {
    // By nobody else yet: it is not one that had it before.
    const by = description[claim] === undefined ? undefined : node.id;
    if (before?.[claim] !== description[claim]) refused = withClaim(refused, claim, by);
  }
  transaction.update('node', { ...without(node), description, ...(refused && { refused }) });
  for (const claim of claims) {
    settle(transaction, claim, before?.[claim]);
    settle(transaction, claim, description[claim]);
  }
};

/** Writes down who of those that claim the same has it. */
const settle = (transaction: Transaction, claim: Claim, value: string | undefined): void => {
  if (value === undefined) return;
  const nodes = transaction.find('node', claim, value);
  const holder = holderOf(nodes.map((node) => claimantOf(transaction, claim, node)));
  for (const node of nodes) {
    const by = node.id === holder ? undefined : holder;
    if (node.refused?.[claim] === by) continue;
    const refused = withClaim(node.refused, claim, by);
    transaction.update('node', { ...without(node), ...(refused && { refused }) });
  }
};

const claimantOf = (view: View, claim: Claim, { id, createdAt, description, refused }: Node): Claimant => {
  const status = view.get('nodeStatus', id);
  return {
    id,
    createdAt,
    // Who is not believed to be the machine at that address is not believed to have that machine's key.
    holds: refused?.[claim] === undefined && refused?.address === undefined,
    proven: claim === 'address' && status?.address === description?.address,
    down: status?.state === 'down',
  };
};

const without = (node: Node): Node => {
  const { refused: _, ...rest } = node;
  return rest;
};

const withClaim = (refused: Refused | undefined, claim: Claim, by: NodeId | undefined): Refused | undefined => {
  const { [claim]: _, ...others } = refused ?? {};
  const next = by === undefined ? others : { ...others, [claim]: by };
  return Object.keys(next).length === 0 ? undefined : next;
};

/** One thing that several nodes claim. */
interface Dispute {
  readonly claim: Claim;
  readonly value: string;
}

/**
 * Settles disputes again when the nodes in them go, are down, or connect from somewhere else, and says what comes of them. A dispute that
 * begins is settled where it begins.
 */
export const watchClaims = (store: Store, clock: Pick<Clock, 'after'>, log: Log): Disposable => {
  const disputes = new Map<string, Dispute>();
  let timer: Timer | undefined;

  const settleAll = async (): Promise<void> => {
    timer = undefined;
    const due = [...disputes.values()];
    disputes.clear();
    await store.update((transaction) => {
      for (const { claim, value } of due) settle(transaction, claim, value);
    });
  };
  /** Of a node, or of one that was: all that others claim as well. */
  const look = (node: Node | undefined): void => {
    for (const claim of claims) {
      const value = node?.description?.[claim];
      if (value === undefined) continue;
      const others = store.view.find('node', claim, value);
      if (others.length > 1 || others.some(({ refused }) => refused?.[claim] !== undefined))
        disputes.set(`${claim} ${value}`, { claim, value });
    }
    if (disputes.size === 0) return;
    // Not inside of the commit: no writes there.
    timer ??= clock.after(0, () => {
      settleAll().catch((thrown: unknown) => {
        const error = TuttiError.from(thrown);
        log.error('whose an address is could not be stored', { code: error.code, error: error.message });
      });
    });
  };
  const tell = ({ id, refused: before }: Partial<Node>, { refused: now, description }: Partial<Node>): void => {
    for (const claim of claims) {
      const by = now?.[claim];
      if (before?.[claim] === by) continue;
      const what = { node: id, [claim]: description?.[claim] };
      if (by === undefined) log.info("what a node says of itself is no other node's any more", what);
      else log.warn("what a node says of itself is another node's", { ...what, holder: by });
    }
  };
  const notice = (change: Change): void => {
    if (change.table === 'nodeStatus') {
      const { before, after } = change;
      if (before?.state !== after?.state || before?.address !== after?.address) look(store.view.get('node', change.id));
    } else if (change.table === 'node') {
      if (change.after === undefined) look(change.before);
      else if (change.before?.refused !== change.after.refused) tell(change.before ?? {}, change.after);
    }
  };
  const subscription = store.subscribe(({ changes }) => changes.forEach(notice));
  for (const node of store.view.list('node')) look(node);
  return {
    [Symbol.dispose]: () => {
      subscription[Symbol.dispose]();
      timer?.cancel();
    },
  };
};
