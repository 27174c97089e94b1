import type { SingleContainer, Superseded, SupersededContainer } from '../../model/single-container.ts';

/** How a node stands, for what is on it. `away`: it may come back in a moment; nothing is done about it. */
export type NodeStanding = 'ready' | 'away' | 'down' | 'removed';

/** What is seen of a container that was made by itself. */
export interface TendInput {
  readonly container: SingleContainer;
  readonly standing: (nodeId: string) => NodeStanding;
  /** Its engine's list has been read: what is not `known` is not there, as far as was heard. */
  readonly listed: boolean;
  /** As its engine last told of it. */
  readonly known: { readonly name: string } | undefined;
  /** Its engine was last heard to run it. Undefined: not heard of since the manager began. */
  readonly running: boolean | undefined;
}

export type TendAction =
  /** Nothing of it is left: its row goes. */
  | { readonly kind: 'drop' }
  /** Nobody knows whether it was made: its engine is asked. */
  | { readonly kind: 'settle' }
  /** It is not in its engine's list: its engine is asked whether it is gone. */
  | { readonly kind: 'verify' }
  /** It was given another name on its engine. */
  | { readonly kind: 'rename'; readonly name: string }
  /** It was started or it ended: written down, for when its node is lost. */
  | { readonly kind: 'note'; readonly ran: boolean }
  /** Its node is lost: it gets another, where one fits. */
  | { readonly kind: 'move'; readonly start: boolean }
  /** The node that it had to leave is back before it was made elsewhere. */
  | { readonly kind: 'return'; readonly to: SupersededContainer }
  /** It is made on the node that it was moved to. */
  | { readonly kind: 'make' }
  /** It was made there: it is started, where it ran before, and has arrived. */
  | { readonly kind: 'arrive'; readonly start: boolean }
  /** What it left behind is removed. */
  | { readonly kind: 'clear'; readonly superseded: Superseded };

/**
 * What is to be done about one container, by who owns it: its engine, while its node is there; the cluster, while it is
 * lost. At most one thing, and what it left behind beside it.
 */
export const tend = (input: TendInput): readonly TendAction[] => {
  const { gone, superseded = [] } = input.container;
  if (gone === true) return superseded.length === 0 ? [{ kind: 'drop' }] : leftBehind(input);
  const own = tendOwn(input);
  if (own?.kind === 'return') return [own];
  return [...(own === undefined ? [] : [own]), ...leftBehind(input)];
};

const tendOwn = (input: TendInput): TendAction | undefined => {
  const standing = input.standing(input.container.nodeId);
  if (input.container.moving !== undefined) return tendMoving(input, input.container.moving, standing);
  switch (standing) {
    case 'ready':
      return tendThere(input);
    case 'away':
      return undefined;
    case 'down':
      return isMoved(input) ? { kind: 'move', start: ranThere(input) } : undefined;
    case 'removed':
      return isMoved(input) ? { kind: 'move', start: ranThere(input) } : { kind: 'drop' };
  }
};

/** What was never said to be there is not made again: nobody has heard of it. */
const isMoved = ({ container: { spec, engineId } }: TendInput): boolean =>
  spec.reschedule === 'on-node-failure' && engineId !== undefined;

/** Only what is known to have run is started elsewhere. */
const ranThere = ({ container, running }: TendInput): boolean => running ?? container.ran === true;

const tendThere = ({ container, listed, known, running }: TendInput): TendAction | undefined => {
  if (container.engineId === undefined) return { kind: 'settle' };
  if (known === undefined) return listed ? { kind: 'verify' } : undefined;
  if (known.name !== container.spec.name) return { kind: 'rename', name: known.name };
  if (container.spec.reschedule === 'off' || running === undefined) return undefined;
  return running === (container.ran === true) ? undefined : { kind: 'note', ran: running };
};

const tendMoving = (
  { container, standing: standingOf }: TendInput,
  { start }: NonNullable<SingleContainer['moving']>,
  standing: NodeStanding,
): TendAction | undefined => {
  if (container.engineId === undefined) {
    const home = container.superseded?.findLast(
      (left): left is SupersededContainer => left.engineId !== undefined && standingOf(left.nodeId) === 'ready',
    );
    if (home !== undefined) return { kind: 'return', to: home };
  }
  switch (standing) {
    case 'ready':
      return container.engineId === undefined ? { kind: 'make' } : { kind: 'arrive', start };
    case 'away':
      return undefined;
    case 'down':
    case 'removed':
      return { kind: 'move', start };
  }
};

const leftBehind = ({ container, standing }: TendInput): readonly TendAction[] =>
  (container.superseded ?? []).flatMap((superseded): readonly TendAction[] => {
    const there = standing(superseded.nodeId);
    return there === 'ready' || there === 'removed' ? [{ kind: 'clear', superseded }] : [];
  });
