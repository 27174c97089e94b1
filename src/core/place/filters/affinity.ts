import type { Expression } from '../expression.ts';
import { namesOfImage } from '../image.ts';
import type { PlaceNode } from '../model.ts';
import type { Filter } from './filter.ts';

/** Beside containers (by name or id), images, or containers with a label; or away from them. */
export const affinityFilter: Filter = ({ affinities }) =>
  affinities.map((expression) => {
    const valuesOf = readerOf(expression);
    return { text: expression.text, soft: expression.soft, passes: (node) => expression.passes(valuesOf(node)) };
  });

const readerOf = ({ key }: Expression): ((node: PlaceNode) => readonly string[]) => {
  switch (key) {
    case 'container':
      return ({ containers }) => containers.flatMap(({ id, names }) => (id === undefined ? names : [id, ...names]));
    case 'image':
      return ({ images }) => images.flatMap(namesOfImage);
    default:
      return ({ containers }) =>
        containers.flatMap(({ labels }) => (Object.hasOwn(labels, key) ? [labels[key] as string] : ['']));
  }
};
