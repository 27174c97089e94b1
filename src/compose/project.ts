import type { MapNode } from './source/node.ts';
import type { Problem } from './source/problem.ts';

/**
 * A valid Compose project in long forms: files merged, `extends`, `include`, `env_file`, `label_file` and profiles
 * applied, every service on its networks, only what services use. Nodes know the file and line that they come from.
 */
export interface Project {
  readonly name: string;
  readonly root: MapNode;
  /** Data of the secrets and configs that are not external, by `secrets.<key>` and `configs.<key>`. */
  readonly contents: ReadonlyMap<string, Uint8Array>;
}

export type LoadResult =
  | { readonly kind: 'loaded'; readonly project: Project; readonly warnings: readonly Problem[] }
  | { readonly kind: 'invalid'; readonly errors: readonly Problem[]; readonly warnings: readonly Problem[] };
