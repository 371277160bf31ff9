import { readVersioning } from '../aws/read-facts.ts';
import { withVersioning } from '../core/init-plan.ts';
import { knownOwner } from './bucket.ts';
import type { Context } from './context.ts';
import type { InitAnswers, InitInput, Prepared } from './init.ts';
import { readDeadLetter } from './init-dead-letter.ts';
import { prepareEventBridge } from './init-eventbridge.ts';
import { prepareFunction } from './init-function.ts';
import { prepareMessaging } from './init-messaging.ts';

const PREPARE = {
  lambda: prepareFunction,
  sqs: prepareMessaging,
  sns: prepareMessaging,
  eventbridge: prepareEventBridge,
} as const;

/** Reads and plans for the destination, with what --dead-letter and --versioning add. Throws S3evtError. */
export async function prepareInit(input: InitInput, answers: InitAnswers, ctx: Context): Promise<Prepared> {
  const { bucket, destination } = answers;
  const reading = readDeadLetter(input, answers, ctx);
  // What is wrong with the destination itself comes first; the failure of this read is taken up below.
  reading.catch(() => undefined);
  const [prepared, versioning] = await Promise.all([
    PREPARE[destination.kind](input, answers, ctx),
    input.versioning === true
      ? knownOwner(bucket, ctx).then((owner) => readVersioning(ctx.aws, bucket, owner))
      : undefined,
  ]);
  const plan = (await reading)(prepared.plan);
  return { ...prepared, plan: versioning ? withVersioning(plan, bucket, versioning) : plan };
}
