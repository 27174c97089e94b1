import type { Section } from './section.ts';

/** The full names under which the stack's resources stand in the cluster, by their keys in the file. */
export interface Names {
  readonly service: (key: string) => string;
  readonly network: (key: string) => string;
  readonly volume: (key: string) => string;
  readonly secret: (key: string) => string;
  readonly config: (key: string) => string;
}

/** A network of the engine itself that a network of the file stands for, by its driver. */
function engineDriver(kind: string, resource: Section | undefined): string | undefined {
  const driver = kind === 'networks' ? resource?.text('driver') : undefined;
  return driver === 'host' || driver === 'none' ? driver : undefined;
}

/** True for what the stack itself does not bring. */
export function isForeign(kind: string, resource: Section): boolean {
  return resource.boolean('external') === true || engineDriver(kind, resource) !== undefined;
}

/** An external resource has the name that it has; others are `<stack>_<key>`, unless the file gives a name. */
export function namesOf(stack: string, root: Section): Names {
  const resource = (kind: string) => {
    const sections = new Map(root.named(kind));
    return (key: string): string => {
      const found = sections.get(key);
      const engine = engineDriver(kind, found);
      if (engine !== undefined) return engine;
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
