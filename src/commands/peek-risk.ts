import { readPeekRisk } from '../aws/sources/queue-counter.ts';
import type { Context } from './context.ts';
import type { Place } from './delivery.ts';

/** Shows what a look into the queues costs, and asks. Throws S3evtError where nobody can be asked and --yes was not given. */
export async function agreeToPeek(places: readonly Place[], yes: boolean, ctx: Context): Promise<boolean> {
  const arns = places.flatMap(({ via, consumer }) => (via === 'queue' && consumer ? [consumer.arn] : []));
  if (arns.length === 0) return false;
  const lines = await Promise.all(
    arns.map(async (arn) => {
      const { maxReceiveCount, messages } = await readPeekRisk(ctx.aws, arn);
      const redrive =
        maxReceiveCount === undefined
          ? 'it has no redrive policy'
          : `its redrive policy moves a message away after ${maxReceiveCount} receives`;
      const text = `${arn}: about ${messages} messages, and each look receives every one of them once more; ${redrive}`;
      return { mark: '~', text } as const;
    }),
  );
  ctx.emit({ type: 'show', title: 'A look into a queue counts as a receive', lines });
  return ctx.ask.confirm({
    message: 'Look into it, at most three times?',
    flag: '--yes',
    initial: false,
    assumeYes: yes,
  });
}
