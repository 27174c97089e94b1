import { normalArchitecture } from '../attribute.ts';
import type { KindFilter } from './filter.ts';

/** The image runs on the node's operating system and processor. An absent or empty word stands for any. */
export const platformFilter: KindFilter = {
  name: 'platform',
  dependsOnTasks: false,
  prepare: ({ platforms }) => {
    if (platforms.length === 0) return undefined;
    const wanted = platforms.map(({ os = '', architecture = '' }) => ({
      os: os.toLowerCase(),
      architecture: normalArchitecture(architecture),
    }));
    const reason = { filter: 'platform', one: 'has another platform', many: 'have another platform' };
    return ({ node }) => {
      const platform = node?.description?.platform;
      const os = platform?.os.toLowerCase() ?? '';
      const architecture = normalArchitecture(platform?.architecture ?? '');
      const fits = wanted.some(
        (one) => (one.os === '' || one.os === os) && (one.architecture === '' || one.architecture === architecture),
      );
      return fits ? undefined : reason;
    };
  },
};
