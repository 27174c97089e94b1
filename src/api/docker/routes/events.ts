import type { MergedEvent } from '../../../manager/manager.ts';
import { TuttiError } from '../../../model/errors.ts';
import { stream } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import type { Route } from '../../http/router.ts';
import type { DockerContext } from '../context.ts';
import { sparse } from '../convert/sparse.ts';
import { eventFilters, passes } from '../events/filter.ts';
import type { Told } from '../events/message.ts';
import { createMessages } from '../events/message.ts';
import type { Filters } from '../filters.ts';
import { readFilters } from '../filters.ts';
import { readMoment } from '../input.ts';

/** Characters: what a reader that is slow has in memory, besides the events that all share. */
const mostAtOnce = 32_768;

export const eventRoutes = ({ manager }: DockerContext): readonly Route[] => {
  const messagesOf = createMessages(manager);
  return [
    [
      'GET',
      '/events',
      (request) => {
        const filters = readFilters(request, eventFilters);
        const events = manager.events.all({ ...spanOf(request), signal: request.signal });
        return stream(lines(events, filters, messagesOf), 'application/json');
      },
    ],
  ];
};

const spanOf = (request: ApiRequest) => {
  const since = readMoment(request, 'since');
  const until = readMoment(request, 'until');
  if (since !== undefined && until !== undefined && since > until) {
    const [from, to] = [request.query.get('since'), request.query.get('until')];
    throw new TuttiError('invalid-argument', `\`since\` time (${from}) cannot be after \`until\` time (${to})`);
  }
  return sparse({ since, until });
};

async function* lines(
  events: AsyncIterable<readonly MergedEvent[]>,
  filters: Filters,
  messagesOf: (batch: readonly MergedEvent[]) => readonly Told[],
): AsyncGenerator<string> {
  for await (const batch of events) {
    let text = '';
    for (const told of messagesOf(batch)) {
      if (!passes(filters, told.message)) continue;
      text += told.text;
      if (text.length < mostAtOnce) continue;
      yield text;
      text = '';
    }
    if (text !== '') yield text;
  }
}
