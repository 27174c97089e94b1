import { Counter, Group } from './group.ts';

/** One node's part: what only it is given, and which shared groups it takes part in. */
export class NodePart {
  readonly own = new Group();
  readonly networks = new Counter();
  readonly secrets = new Counter();
  readonly configs = new Counter();
  /** Networks whose group it was given by the last difference. */
  given: ReadonlySet<string> = new Set();
  /** It runs the front door; it was told so by the last difference. */
  door = false;
  doorGiven = false;
  /** Certificates that it needs for that. */
  certificates: ReadonlySet<string> = new Set();
}
