import type { NodeInfo } from '../node-info.ts';
import type { PluginNeed } from '../requirements.ts';
import type { KindFilter } from './filter.ts';

const words = { Volume: 'volume driver', Log: 'log driver' };

/** The engine has the volume and log drivers that the task names. */
export const pluginFilter: KindFilter = {
  name: 'plugin',
  dependsOnTasks: false,
  prepare: ({ plugins }) => {
    if (plugins.length === 0) return undefined;
    const checks = plugins.map((need) => {
      const what = `the ${words[need.type]} ${need.name}`;
      return { need, reason: { filter: 'plugin', one: `lacks ${what}`, many: `lack ${what}` } };
    });
    return (info) => checks.find(({ need }) => !has(info, need))?.reason;
  },
};

/** An engine that tells of no plugin of a type at all is an old one that cannot: it passes, as in Swarm. */
const has = ({ node }: Pick<NodeInfo, 'node'>, { type, name }: PluginNeed): boolean => {
  const ofType = (node?.description?.engine.plugins ?? []).filter((plugin) => plugin.type === type);
  return ofType.length === 0 || ofType.some((plugin) => plugin.name === name || plugin.name === `${name}:latest`);
};
