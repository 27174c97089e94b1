import type { MachinePorts } from '../machine.ts';
import type { UpOptions } from '../up.ts';
import { loadImages } from './build.ts';
import { provideTemplate } from './template.ts';
import type { TemplateOptions } from './template.ts';

/** How `up` is to give every engine the images of an archive: as they start where that can be, else right after. */
export async function imageSource(
  ports: MachinePorts,
  options: TemplateOptions,
): Promise<Pick<UpOptions, 'template' | 'onEngines'>> {
  const template = await provideTemplate(ports, options);
  if (template !== undefined) return { template };
  const { archive, report, signal } = options;
  return {
    onEngines: async (endpoints) => {
      report('copying the images to the engines');
      await loadImages(ports.exec, archive, endpoints, { report, signal });
    },
  };
}
