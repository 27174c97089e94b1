import { holderOf } from '../../core/claim/holder.ts';
import type { Claimant } from '../../core/claim/holder.ts';
import { TuttiError } from '../../model/errors.ts';
import type { NodeId } from '../../model/ids.ts';
import { claims, isAddressRefused } from '../../model/node.ts';
import type { Claim, Node, NodeDescription, NodeStatus } from '../../model/node.ts';
import type { Clock, Log, Timer } from '../../platform/ports.ts';
import type { Change, Store, Transaction, View } from '../../store/store.ts';

/**
 * Stores what a node says of itself. What there is one of in the cluster is its own in the same commit, or refused: nobody is told in
 * between that it is.
 */
export const claimAgain = (transaction: Transaction, node: Node, description: NodeDescription): void => {
  let next: Node = { ...node, description };
  for (const claim of claims) if (description[claim] === undefined) next = withRefusal(next, claim, undefined);
  transaction.update('node', next);
  for (const claim of claims) {
    const before = node.description?.[claim];
    const now = description[claim];
    settle(transaction, claim, before);
    settle(transaction, claim, now, before === now ? undefined : node.id);
  }
};

/** Writes down who of those that claim the same has it. `fresh`: the node that did not claim it before. */
const settle = (transaction: Transaction, claim: Claim, value: string | undefined, fresh?: NodeId): void => {
  if (value === undefined) return;
  const nodes = transaction.find('node', claim, value);
  const holder = holderOf(nodes.map((node) => claimantOf(transaction, claim, node, fresh)));
  for (const node of nodes) {
    const by = node.id === holder ? undefined : holder;
    if (node.refused?.[claim] !== by) transaction.update('node', withRefusal(node, claim, by));
  }
};

const claimantOf = (view: View, claim: Claim, node: Node, fresh: NodeId | undefined): Claimant => {
  const { id, createdAt, description, refused } = node;
  const status = view.get('nodeStatus', id);
  return {
    id,
    createdAt,
    // Who is not believed to be the machine at that address is not believed to have that machine's key.
    holds: id !== fresh && refused?.[claim] === undefined && !isAddressRefused(node),
    proven: claim === 'address' && status?.address === description?.address,
    silent: isSilent(status),
  };
};

/** One whose engine hangs is down after a while, but its agent is heard. */
const isSilent = (status: NodeStatus | undefined): boolean => status?.state === 'down' && status.engineAway !== true;

const withRefusal = ({ refused, ...node }: Node, claim: Claim, by: NodeId | undefined): Node => {
  const { [claim]: _, ...others } = refused ?? {};
  const next = by === undefined ? others : { ...others, [claim]: by };
  return Object.keys(next).length === 0 ? node : { ...node, refused: next };
};

/** One thing that several nodes claim. */
interface Dispute {
  readonly claim: Claim;
  readonly value: string;
}

/** After this what could not be stored is tried again. */
const retryMs = 5_000;

/**
 * Settles disputes again when the nodes in them go, fall silent, or connect from somewhere else, and says what comes of them. A dispute that
 * begins is settled where it begins.
 */
export const watchClaims = (store: Store, clock: Pick<Clock, 'after'>, log: Log): Disposable => {
  const disputes = new Map<string, Dispute>();
  let timer: Timer | undefined;

  const settleAll = async (): Promise<void> => {
    const due = [...disputes];
    await store.update((transaction) => {
      for (const [, { claim, value }] of due) settle(transaction, claim, value);
    });
    // One that came up again meanwhile is another object, and stays.
    for (const [key, dispute] of due) if (disputes.get(key) === dispute) disputes.delete(key);
  };
  const plan = (ms: number): void => {
    if (disputes.size === 0) return;
    timer ??= clock.after(ms, () => {
      timer = undefined;
      settleAll().catch((thrown: unknown) => {
        const error = TuttiError.from(thrown);
        log.error('whose an address is could not be stored', { code: error.code, error: error.message });
        plan(retryMs);
      });
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
    // Not inside of the commit: no writes there.
    plan(0);
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
      if (isSilent(before) !== isSilent(after) || before?.address !== after?.address)
        look(store.view.get('node', change.id));
    } else if (change.table === 'node') {
      if (change.after === undefined) look(change.before);
      else if (change.before?.refused !== change.after.refused) {
        tell(change.before ?? {}, change.after);
        // Its holder may have fallen silent while this was stored: there was one claimant then.
        look(change.after);
      }
    }
  };
  const subscription = store.subscribe(({ changes }) => changes.forEach(notice));
  for (const node of store.view.list('node')) look(node);
  return {
    [Symbol.dispose]: () => {
      subscription[Symbol.dispose]();
      disputes.clear();
      timer?.cancel();
    },
  };
};
