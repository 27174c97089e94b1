import { configOf, secretOf } from '../../core/assign/shared.ts';
import type { Assignment } from '../../model/assignment.ts';
import type { View } from '../../store/store.ts';
import type { Delivery } from './delivery.ts';
import type { NodePart } from './node-part.ts';

/** What a task, a container or the front door makes its node need. */
interface Need {
  readonly nodeId: string;
  readonly networks: readonly string[];
  readonly secrets?: Iterable<string>;
  readonly configs?: Iterable<string>;
}

type FileKind = 'secret' | 'config';

/** Gives nodes the networks and files that anything on them needs, for as long as it does. */
export class Needs {
  readonly #view: View;
  readonly #delivery: Delivery;

  constructor(view: View, delivery: Delivery) {
    this.#view = view;
    this.#delivery = delivery;
  }

  /** What is needed before and after is never withdrawn. */
  replace(before: Need | undefined, after: Need | undefined): void {
    if (after !== undefined) this.#need(after);
    if (before !== undefined) this.#drop(before);
  }

  /** A secret or config is another, or is gone. */
  fold(kind: FileKind, id: string): void {
    for (const part of this.#delivery.nodes.values()) {
      if ((kind === 'secret' ? part.secrets : part.configs).has(id)) this.#give(part, kind, id);
    }
  }

  #need({ nodeId, networks, secrets = [], configs = [] }: Need): void {
    const part = this.#delivery.part(nodeId);
    for (const id of networks) this.#delivery.join(nodeId, id);
    for (const id of secrets) if (part.secrets.add(id)) this.#give(part, 'secret', id);
    for (const id of configs) if (part.configs.add(id)) this.#give(part, 'config', id);
  }

  #drop({ nodeId, networks, secrets = [], configs = [] }: Need): void {
    const part = this.#delivery.nodes.get(nodeId);
    if (part === undefined) return;
    for (const id of networks) this.#delivery.leave(nodeId, id);
    for (const id of secrets) if (part.secrets.drop(id)) part.own.remove(`secret:${id}`);
    for (const id of configs) if (part.configs.drop(id)) part.own.remove(`config:${id}`);
  }

  #give(part: NodePart, kind: FileKind, id: string): void {
    const item = this.#file(kind, id);
    if (item === undefined) part.own.remove(`${kind}:${id}`);
    else part.own.put(item);
  }

  #file(kind: FileKind, id: string): Assignment | undefined {
    if (kind === 'secret') {
      const secret = this.#view.get('secret', id);
      return secret === undefined ? undefined : secretOf(secret);
    }
    const config = this.#view.get('config', id);
    return config === undefined ? undefined : configOf(config);
  }
}
