import { compareApi } from '../../../model/api-version.ts';
import type { Node } from '../../../model/node.ts';
import type { Filter } from './filter.ts';

/** Engines of other releases can be in one cluster: what an older one would pass over goes to one that knows it. */
export const engineFilter: Filter = ({ needs }) =>
  needs.map(({ what, api, release, soft }) => ({
    text: `Docker Engine ${release} for ${what}`,
    soft,
    passes: ({ node }) => knowsApi(node, api),
  }));

/** Whether the node's engine answers to this version of the API. */
export const knowsApi = ({ description }: Pick<Node, 'description'>, api: string): boolean =>
  compareApi(description?.engine.apiVersion ?? '1.41', api) >= 0;
