import { stackRequest } from '../../../model/native.ts';
import type { ApplyView, RemovedView } from '../../../model/native.ts';
import { json } from '../../http/reply.ts';
import { paramOf } from '../../http/request.ts';
import type { Route } from '../../http/router.ts';
import type { WebContext } from '../context.ts';
import { readRequest } from '../input.ts';
import { planStep } from '../views.ts';

export const stackRoutes = ({ manager }: WebContext): readonly Route[] => {
  const { commands, queries } = manager;
  return [
    ['GET', '/stacks', () => json(queries.stacks())],
    [
      'POST',
      '/stacks/plan',
      async (request) => {
        const { stack, prune } = await readRequest(request, stackRequest);
        const { actions, warnings } = await commands.planStack(stack, { prune });
        const view: ApplyView = { steps: actions.map(planStep), warnings };
        return json(view);
      },
    ],
    [
      'POST',
      '/stacks/apply',
      async (request) => {
        const { stack, prune } = await readRequest(request, stackRequest);
        const { actions, warnings } = await commands.applyStack(stack, { prune });
        const view: ApplyView = { steps: actions.map(planStep), warnings };
        return json(view);
      },
    ],
    [
      'DELETE',
      '/stacks/:stack',
      async (request) => {
        const view: RemovedView = await commands.removeStack(paramOf(request, 'stack'));
        return json(view);
      },
    ],
  ];
};
