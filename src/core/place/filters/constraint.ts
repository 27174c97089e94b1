import { factsOf } from '../facts.ts';
import type { Filter } from './filter.ts';

/** The node's labels and facts are as asked for. */
export const constraintFilter: Filter = ({ constraints }) =>
  constraints.map(({ text, key, soft, passes }) => ({ text, soft, passes: ({ node }) => passes(factsOf(node, key)) }));
