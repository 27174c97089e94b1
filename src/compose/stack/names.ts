import type { Section } from './section.ts';

/** The full names under which the stack's resources stand in the cluster, by their keys in the file. */
export interface Names {
  readonly service: (key: string) => string;
  readonly network: (key: string) => string;
  readonly volume: (key: string) => string;
  readonly secret: (key: string) => string;
  readonly config: (key: string) => string;
}

/** An external resource has the name that it has; others are `<stack>_<key>`, unless the file gives a name. */
export function namesOf(stack: string, root: Section): Names {
  const resource = (kind: string) => {
    const sections = new Map(root.named(kind));
    return (key: string): string => {
      const found = sections.get(key);
      return found?.text('name') ?? (found?.boolean('external') === true ? key : `${stack}_${key}`);
    };
  };
  return {
    service: (key) => `${stack}_${key}`,
    network: resource('networks'),
    volume: resource('volumes'),
    secret: resource('secrets'),
    config: resource('configs'),
  };
}
